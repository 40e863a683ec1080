-- Takes the next jobs of one queue as Node does, and leases them to an incarnation.
-- An incarnation that is no longer registered takes nothing, of what is paused nothing is taken, and
-- nothing of a queue whose policy limits what may be active.
-- Index: queue_pkey, job_common_i11, job_common_pkey, pgboss_death_pkey.
WITH next AS (
    SELECT id, state, started_on
    FROM {schema}.job
    WHERE name = %(queue)s AND state < 'active' AND start_after <= now()
      AND NOT blocked -- if job.blocked
      AND EXISTS (SELECT FROM {schema}.queue WHERE queue.name = %(queue)s AND policy = 'standard')
      AND EXISTS (SELECT FROM jobs.worker WHERE incarnation = %(incarnation)s)
      AND NOT EXISTS (SELECT FROM jobs.pause WHERE pause.name = %(queue)s)
    ORDER BY priority DESC, created_on
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE {schema}.job
    SET state = 'active', started_on = clock_timestamp(),
        heartbeat_on = clock_timestamp(), -- if job.heartbeat_on
        retry_count = retry_count + (job.started_on IS NOT NULL)::integer
    FROM next
    WHERE job.name = %(queue)s AND job.id = next.id
    RETURNING job.*, next.state = 'retry' AS retried, next.started_on AS started_on_before,
              nextval('jobs.pgboss_lease_id') AS lease
), leased AS (
    INSERT INTO jobs.pgboss_lease (id, tables, queue, job_id, startedon, claimed_by, retried,
                                   startedon_before)
    SELECT lease, '{schema}', name, id, started_on, %(incarnation)s, retried, started_on_before
    FROM taken
)
SELECT lease, id::text, name, priority, retry_count, data::text, retry_limit,
       CASE WHEN retry_backoff THEN greatest(retry_delay, 1) ELSE retry_delay END, retry_backoff,
       expire_seconds::float8,
       extract(epoch FROM clock_timestamp() - greatest(created_on, start_after))::float8,
       coalesce((SELECT deaths FROM jobs.pgboss_death AS death WHERE death.job_id = taken.id), 0),
       retry_delay_max
FROM taken
ORDER BY priority DESC, created_on
