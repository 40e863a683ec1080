-- Takes the next jobs of one queue as Node does, and leases them to an incarnation.
-- An incarnation that is no longer registered takes nothing, and of what is paused nothing is taken.
-- Index: job_fetch, pgboss_death_pkey; tuned, jobs_runtime_claim in the place of job_fetch.
WITH next AS (
    SELECT ctid, state, startedon
    FROM {schema}.job
    WHERE name = %(queue)s AND state < 'active' AND startafter < now()
      AND EXISTS (SELECT FROM jobs.worker WHERE incarnation = %(incarnation)s)
      AND NOT EXISTS (SELECT FROM jobs.pause WHERE pause.name = %(queue)s)
    ORDER BY priority DESC, createdon, id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE {schema}.job
    SET state = 'active', startedon = clock_timestamp(),
        retrycount = retrycount + (next.state = 'retry')::integer
    FROM next
    WHERE job.ctid = next.ctid
    RETURNING job.*, next.state = 'retry' AS retried, next.startedon AS startedon_before,
              nextval('jobs.pgboss_lease_id') AS lease
), leased AS (
    INSERT INTO jobs.pgboss_lease (id, tables, job_id, startedon, claimed_by, retried,
                                   startedon_before)
    SELECT lease, '{schema}', id, startedon, %(incarnation)s, retried, startedon_before
    FROM taken
)
SELECT lease, id::text, name, priority, retrycount, data::text, retrylimit, retrydelay, retrybackoff,
       extract(epoch FROM expirein)::float8,
       extract(epoch FROM clock_timestamp() - greatest(createdon, startafter))::float8,
       coalesce((SELECT deaths FROM jobs.pgboss_death AS death WHERE death.job_id = taken.id), 0),
       NULL::integer
FROM taken
ORDER BY priority DESC, createdon, taken.id
