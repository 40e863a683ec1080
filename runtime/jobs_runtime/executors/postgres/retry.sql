-- Gives failed attempts another one, at once or after a delay.
-- ANY has each looked up: with `=`, a table that is taken to be empty would be read as a whole.
-- Index: job_pkey.
WITH again AS (
    UPDATE jobs.job AS job
    SET state = 'retry', ready = outcome.delay = 0, output = coalesce(outcome.output, job.output),
        start_after = now() + outcome.delay * interval '1 second',
        deaths = job.deaths + %(death)s::int, attempt = job.attempt - outcome.refund,
        running = false, claimed_by = NULL, claimed_at = NULL
    FROM unnest(%(ids)s::bigint[], %(delays)s::float8[], %(outputs)s::json[], %(refunds)s::int[])
         AS outcome (id, delay, output, refund)
    WHERE job.id = ANY (ARRAY[outcome.id]) AND (job.claimed_by = %(incarnation)s) IS TRUE
    RETURNING job.id, job.queue, outcome.delay
), notified AS (
    SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || queue)
    FROM again WHERE delay = 0 GROUP BY queue
    UNION ALL
    SELECT pg_notify('jobs', 'due') FROM again WHERE delay > 0 AND delay < 2
)
SELECT id, (SELECT count(*) FROM notified) FROM again
