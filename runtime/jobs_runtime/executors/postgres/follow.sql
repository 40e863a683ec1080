-- Submits what is to follow jobs about to be finished, and frees the time slots of those that did
-- not complete. Comes before `finish` in one transaction, and locks them until its end, so that no
-- cancel comes between.
-- ANY has each looked up: with `=`, a table that is taken to be empty would be read as a whole.
-- Index: job_pkey, slot_job.
WITH ending AS MATERIALIZED (
    SELECT job.id, name, attempt, args, options, outcome.output AS result
    FROM unnest(%(ids)s::bigint[], %(outputs)s::json[]) AS outcome (id, output)
    JOIN jobs.job AS job ON job.id = ANY (ARRAY[outcome.id])
    WHERE (job.claimed_by = %(incarnation)s) IS TRUE
    FOR UPDATE OF job
), freed AS (
    DELETE FROM jobs.slot
    WHERE %(state)s::jobs.job_state <> 'completed' AND job_id IN (SELECT id FROM ending)
), following AS (
    SELECT options -> 'on_complete' AS job, options -> 'trace' AS trace,
           json_build_object('job_id', id::text, 'name', name, 'state', %(state)s::text,
                             'attempt', attempt, 'args', args, 'output', result) AS args
    FROM ending
    WHERE options IS NOT NULL AND options -> 'on_complete' IS NOT NULL
    UNION ALL
    SELECT options -> 'dead_letter', options -> 'trace', args
    FROM ending
    WHERE %(state)s::jobs.job_state IN ('failed', 'expired')
      AND options IS NOT NULL AND options -> 'dead_letter' IS NOT NULL
), followed AS (
    INSERT INTO jobs.job (queue, name, rank, keep_until, limit_key, args, options)
    SELECT job ->> 0, job ->> 1, -coalesce((job ->> 2)::integer, 0),
           now() + (job -> 3 ->> 'keep_for')::float8 * interval '1 second',
           job -> 3 ->> 'limit_key', args,
           CASE WHEN trace IS NULL THEN (job ->> 3)::json
                ELSE (coalesce(job ->> 3, '{}')::jsonb || jsonb_build_object('trace', trace))::json
           END
    FROM following
    RETURNING queue
)
SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || queue) FROM followed GROUP BY queue
