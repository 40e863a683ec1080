-- Moves jobs that reached a final state into the history; a late writer moves nothing.
-- Then submits what is to follow, frees time slots, and tells who waits for the result.
-- Index: job_pkey, slot_job, waiter_job.
WITH outcome AS (
    SELECT *
    FROM unnest(%(ids)s::bigint[], %(microseconds)s::bigint[], %(outputs)s::json[])
         AS outcome (id, microseconds, output)
), gone AS (
    DELETE FROM jobs.job AS job
    USING outcome
    WHERE job.id = outcome.id AND (job.claimed_by = %(incarnation)s) IS TRUE
    RETURNING job.*, outcome.microseconds, outcome.output AS result
), kept AS (
    INSERT INTO jobs.finished (id, created_at, start_after, started_at, rank, state, attempt,
                               deaths, queue, name, keep_until, args, options, progress, output)
    SELECT id, created_at, start_after,
           clock_timestamp() - microseconds * interval '1 microsecond', rank,
           %(state)s::jobs.job_state, attempt, deaths + %(death)s::int, queue, name,
           now() + (options ->> 'keep_finished_for')::float8 * interval '1 second',
           args, options, progress, result
    FROM gone
    RETURNING id
), freed AS (
    DELETE FROM jobs.slot
    WHERE %(state)s::jobs.job_state <> 'completed' AND job_id IN (SELECT id FROM kept)
), following AS (
    SELECT options -> 'on_complete' AS job, options -> 'trace' AS trace,
           json_build_object('job_id', id::text, 'name', name, 'state', %(state)s::text,
                             'attempt', attempt, 'args', args, 'output', result) AS args
    FROM gone
    WHERE options IS NOT NULL AND options -> 'on_complete' IS NOT NULL
    UNION ALL
    SELECT options -> 'dead_letter', options -> 'trace', args
    FROM gone
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
), told AS (
    SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || queue) FROM followed GROUP BY queue
    UNION ALL
    SELECT pg_notify('jobs_finished', job_id::text)
    FROM jobs.waiter
    WHERE job_id IN (SELECT id FROM kept)
)
SELECT array_agg(id), (SELECT count(*) FROM told) FROM kept
