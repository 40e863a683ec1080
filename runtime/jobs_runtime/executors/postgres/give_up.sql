-- Moves jobs that waited longer than `keep_for` into the history, the earliest first.
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
    RETURNING *
), kept AS (
    INSERT INTO jobs.finished (id, created_at, start_after, rank, state, attempt, deaths, queue,
                               name, keep_until, args, options, progress, output)
    SELECT id, created_at, start_after, rank, 'expired', attempt, deaths, queue, name,
           now() + (options ->> 'keep_finished_for')::float8 * interval '1 second',
           args, options, progress, coalesce(output, %(output)s::json)
    FROM gone
    RETURNING id
), freed AS (
    DELETE FROM jobs.slot WHERE job_id IN (SELECT id FROM kept)
), told AS (
    SELECT pg_notify('jobs_finished', job_id::text)
    FROM jobs.waiter
    WHERE job_id IN (SELECT id FROM kept)
)
SELECT count(*), (SELECT count(*) FROM told) FROM kept
