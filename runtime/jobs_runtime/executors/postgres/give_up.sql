-- Moves jobs that waited longer than `keep_for` into the history, the earliest first.
-- Then submits what is to follow, frees time slots, and tells who waits for the result.
-- Index: job_kept, job_pkey, slot_job, waiter_job.
WITH gone AS (
    DELETE FROM jobs.job
    WHERE id = ANY (ARRAY(
        SELECT id
        FROM jobs.job
        WHERE keep_until IS NOT NULL AND claimed_by IS NULL AND keep_until <= now()
        ORDER BY keep_until
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING job.*, coalesce(output, %(output)s::json) AS result
), kept AS (
    INSERT INTO jobs.finished (id, created_at, start_after, rank, state, attempt, deaths, queue,
                               name, keep_until, args, options, progress, output)
    SELECT id, created_at, start_after, rank, 'expired', attempt, deaths, queue, name,
           now() + (options ->> 'keep_finished_for')::float8 * interval '1 second',
           args, options, progress, result
    FROM gone
    RETURNING id
), freed AS (
    DELETE FROM jobs.slot WHERE job_id IN (SELECT id FROM kept)
), following AS (
    SELECT options -> 'on_complete' AS job, options -> 'trace' AS trace,
           json_build_object('job_id', id::text, 'name', name, 'state', 'expired',
                             'attempt', attempt, 'args', args, 'output', result) AS args
    FROM gone
    WHERE options IS NOT NULL AND options -> 'on_complete' IS NOT NULL
    UNION ALL
    SELECT options -> 'dead_letter', options -> 'trace', args
    FROM gone
    WHERE options IS NOT NULL AND options -> 'dead_letter' IS NOT NULL
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
SELECT count(*), (SELECT count(*) FROM told) FROM kept
