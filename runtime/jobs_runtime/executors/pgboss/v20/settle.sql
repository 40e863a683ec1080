-- Stores outcomes as Node does and ends the leases; a late writer changes nothing: the job must have
-- been active ever since it was leased. An attempt that does not count leaves no trace.
-- One that took its worker down does not count either: it is counted apart, and leaves its output.
-- A job of a singleton queue whose place is taken cannot go back: it has failed, with the reason in
-- its output, unless the attempt does not count; then it gives up the key.
-- ANY and IS TRUE have each job looked up by its id, and by no partial index: else a table that is
-- taken to be empty would be read as a whole.
-- Index: pgboss_lease_pkey, job_pkey, job_singleton_queue, pgboss_waiter_job, pgboss_death_pkey.
WITH ended AS MATERIALIZED (
    SELECT outcome.*, job_id, startedon AS since, retried, startedon_before
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
), displaced AS MATERIALIZED (
    SELECT lease
    FROM ended
    JOIN {schema}.job ON job.id = ANY (ARRAY[job_id])
    WHERE ending = 'retry' AND job.startedon = since AND job.singletonon IS NULL
      AND EXISTS (
          SELECT
          FROM {schema}.job AS other
          WHERE other.name = job.name AND other.singletonkey = job.singletonkey
            AND other.state < 'active' AND other.singletonon IS NULL
            AND other.singletonkey LIKE '\_\_pgboss\_\_singleton\_queue%%'
          OFFSET 0 -- one look-up each, as above
      )
), verdict AS MATERIALIZED (
    SELECT ended.*,
           CASE
               WHEN refund AND NOT retried THEN 'created'
               WHEN displaced AND NOT refund THEN 'failed'
               ELSE ending
           END::{schema}.job_state AS final
    FROM (SELECT *, lease = ANY (ARRAY(SELECT lease FROM displaced)) AS displaced FROM ended) AS ended
), settled AS (
    UPDATE {schema}.job
    SET state = final,
        completedon = CASE WHEN final >= 'completed' THEN now() END,
        startafter = CASE WHEN final < 'active'
                          THEN coalesce(now() + delay * interval '1 second', startafter)
                          ELSE startafter END,
        retrycount = retrycount - (refund AND retried)::integer,
        startedon = CASE WHEN refund THEN startedon_before ELSE startedon END,
        singletonkey = CASE WHEN NOT (displaced AND refund) THEN singletonkey END,
        output = CASE
                     WHEN refund AND death IS NOT TRUE THEN output
                     WHEN ending = 'retry' AND final = 'failed'
                         THEN coalesce(result, '{}') || '{"notRetried": "another job of its singleton queue waits"}'
                     WHEN jsonb_typeof(result) <> 'object' THEN jsonb_build_object('value', result)
                     ELSE result
                 END
    FROM verdict
    WHERE job.id = ANY (ARRAY[job_id]) AND (startedon = since AND state = 'active') IS TRUE
    RETURNING job.*, lease, death, since
), charged AS (
    INSERT INTO jobs.pgboss_death AS charged (job_id, startedon)
    SELECT id, since FROM settled WHERE death
    ON CONFLICT (job_id) DO UPDATE SET deaths = charged.deaths + 1, startedon = EXCLUDED.startedon
), reported AS (
    INSERT INTO {schema}.job (name, data, keepuntil)
    SELECT '__state__completed__' || name,
           jsonb_build_object('request', jsonb_build_object('id', id, 'name', name, 'data', data),
                              'response', output, 'state', state, 'retryCount', retrycount,
                              'createdOn', createdon, 'startedOn', startedon,
                              'completedOn', completedon, 'failed', state <> 'completed'),
           keepuntil + (keepuntil - startafter)
    FROM settled
    WHERE on_complete AND state >= 'completed' AND NOT starts_with(name, '__state__completed__')
    RETURNING name
), told AS (
    SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || name)
    FROM (SELECT name FROM reported
          UNION ALL
          SELECT name FROM settled WHERE state < 'active' AND startafter <= now()) AS ready
    GROUP BY name
    UNION ALL
    SELECT pg_notify('jobs_finished', job_id::text)
    FROM jobs.pgboss_waiter
    WHERE job_id = ANY (ARRAY(SELECT id FROM settled WHERE state >= 'completed'))
)
SELECT lease, (SELECT count(*) FROM told) FROM settled
