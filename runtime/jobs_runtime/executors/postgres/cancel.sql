-- Moves a job out of the queue, waiting or running; the worker that runs it is told.
-- Index: job_pkey, slot_job, waiter_job.
WITH gone AS (
    DELETE FROM jobs.job WHERE id = %(id)s RETURNING *
), kept AS (
    INSERT INTO jobs.finished (id, created_at, start_after, started_at, running_on, rank, state,
                               attempt, deaths, queue, name, keep_until, args, options,
                               progress, output)
    SELECT id, created_at, start_after, claimed_at, claimed_by, rank, 'cancelled', attempt, deaths,
           queue, name, now() + (options ->> 'keep_finished_for')::float8 * interval '1 second',
           args, options, progress, output
    FROM gone
    RETURNING id, running_on
), freed AS (
    DELETE FROM jobs.slot WHERE job_id = %(id)s
), told AS (
    SELECT pg_notify('jobs_finished', job_id::text)
    FROM jobs.waiter
    WHERE job_id IN (SELECT id FROM kept)
)
SELECT running_on IS NOT NULL,
       CASE WHEN running_on IS NOT NULL
            THEN pg_notify('jobs', 'cancel ' || id || ' ' || running_on) END,
       (SELECT count(*) FROM told)
FROM kept
