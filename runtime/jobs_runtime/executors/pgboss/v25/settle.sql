-- Stores outcomes as Node does and ends the leases; a late writer changes nothing: the job must have
-- been active ever since it was leased. An attempt that does not count leaves no trace.
-- One that took its worker down does not count either: it is counted apart, and leaves its output.
-- What has failed for good is copied to its dead letter queue as Node of its version does: with where
-- it came from (34 on), its priority and group (40 on), its output as that of the source (43 on).
-- ANY and IS TRUE have each job looked up by its id, and by no partial index: else a table that is
-- taken to be empty would be read as a whole.
-- Index: pgboss_lease_pkey, job_common_pkey, pgboss_waiter_job, pgboss_death_pkey,
-- queue_pkey.
WITH ended AS MATERIALIZED (
    SELECT outcome.*, queue AS of_queue, job_id, startedon AS since, startedon_before AS before,
           CASE
               WHEN refund AND NOT retried THEN 'created'
               WHEN ending = 'expired' THEN 'failed' -- there is no such state
               ELSE ending
           END::{schema}.job_state AS final
    FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(outputs)s::jsonb[], %(delays)s::float8[],
                %(refunds)s::boolean[], %(deaths)s::boolean[])
         AS outcome (lease, ending, result, delay, refund, death)
    CROSS JOIN LATERAL (
        SELECT * FROM jobs.pgboss_lease WHERE id = outcome.lease AND claimed_by = %(incarnation)s
        OFFSET 0 -- one look-up each, however few leases the planner believes in
    ) AS lease
    WHERE tables = '{schema}'
), gone AS (
    DELETE FROM jobs.pgboss_lease
    WHERE id = ANY (%(ids)s::bigint[]) AND claimed_by = %(incarnation)s AND tables = '{schema}'
), settled AS (
    UPDATE {schema}.job
    SET state = final,
        completed_on = CASE WHEN final >= 'completed' THEN now() END,
        start_after = CASE WHEN final < 'active'
                           THEN coalesce(now() + delay * interval '1 second', start_after)
                           ELSE start_after END,
        retry_count = retry_count - (refund AND before IS NOT NULL)::integer,
        started_on = CASE WHEN refund THEN before ELSE started_on END,
        upsert_by_key = CASE WHEN final <> 'created' THEN upsert_by_key END, -- if job.upsert_by_key
        heartbeat_on = CASE WHEN final = 'completed' THEN heartbeat_on END, -- if job.heartbeat_on
        output = CASE
                     WHEN refund AND death IS NOT TRUE THEN output
                     WHEN jsonb_typeof(result) <> 'object' THEN jsonb_build_object('value', result)
                     ELSE result
                 END
    FROM ended
    WHERE name = ANY (ARRAY[of_queue]) AND id = ANY (ARRAY[job_id])
      AND (started_on = since AND state = 'active') IS TRUE
    RETURNING job.*, lease, death, since
), charged AS (
    INSERT INTO jobs.pgboss_death AS charged (job_id, startedon)
    SELECT id, since FROM settled WHERE death
    ON CONFLICT (job_id) DO UPDATE SET deaths = charged.deaths + 1, startedon = EXCLUDED.startedon
), buried AS (
    INSERT INTO {schema}.job (
        name, data, retry_limit, retry_backoff, retry_delay, keep_until, deletion_seconds
        , expire_seconds, singleton_key -- if job.source_name
        , source_name, source_id, source_created_on, source_retry_count -- if job.source_name
        , heartbeat_seconds -- if job.heartbeat_seconds
        , output -- unless job.source_output
        , priority, group_id, group_tier -- if queue.monitor_claim_on
        , source_output, source_root_id -- if job.source_output
        , trace_context -- if job.trace_context
    )
    SELECT queue.name, data, queue.retry_limit, queue.retry_backoff, queue.retry_delay,
           now() + queue.retention_seconds * interval '1 second', queue.deletion_seconds
           , queue.expire_seconds, singleton_key -- if job.source_name
           , settled.name, id, settled.created_on, retry_count -- if job.source_name
           , queue.heartbeat_seconds -- if job.heartbeat_seconds
           , output -- unless job.source_output
           , priority, group_id, group_tier -- if queue.monitor_claim_on
           , output, coalesce(source_root_id, id) -- if job.source_output
           , trace_context -- if job.trace_context
    FROM settled
    JOIN {schema}.queue ON queue.name = settled.dead_letter
    WHERE state = 'failed'
    RETURNING name
), told AS (
    SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || name)
    FROM (SELECT name FROM buried
          UNION ALL
          SELECT name FROM settled WHERE state < 'active' AND start_after <= now()) AS ready
    GROUP BY name
    UNION ALL
    SELECT pg_notify('jobs_finished', job_id::text)
    FROM jobs.pgboss_waiter
    WHERE job_id = ANY (ARRAY(SELECT id FROM settled WHERE state >= 'completed'))
)
SELECT lease, (SELECT count(*) FROM told) FROM settled
