-- Moves jobs that reached a final state into the history; a late writer moves nothing.
-- Then tells who waits for the result. What is to follow them was seen to by `follow`.
-- A job's own transaction may have begun long before: the moment is that of the statement.
-- ANY has each looked up: with `=`, a table that is taken to be empty would be read as a whole.
-- Index: job_pkey, waiter_job.
WITH outcome AS (
    SELECT *
    FROM unnest(%(ids)s::bigint[], %(microseconds)s::bigint[], %(outputs)s::json[])
         AS outcome (id, microseconds, output)
), gone AS (
    DELETE FROM jobs.job AS job
    USING outcome
    WHERE job.id = ANY (ARRAY[outcome.id]) AND (job.claimed_by = %(incarnation)s) IS TRUE
    RETURNING job.*, outcome.microseconds, outcome.output AS result
), kept AS (
    INSERT INTO jobs.finished (id, created_at, start_after, started_at, rank, state, attempt,
                               deaths, queue, name, finished_at, keep_until, args, options,
                               progress, output)
    SELECT id, created_at, start_after,
           statement_timestamp() - microseconds * interval '1 microsecond', rank,
           %(state)s::jobs.job_state, attempt, deaths + %(death)s::int, queue, name,
           statement_timestamp(),
           statement_timestamp() + (options ->> 'keep_finished_for')::float8 * interval '1 second',
           args, options, progress, result
    FROM gone
    RETURNING id
), told AS (
    SELECT pg_notify('jobs_finished', job_id::text)
    FROM jobs.waiter
    WHERE job_id = ANY (ARRAY(SELECT id FROM kept))
)
SELECT array_agg(id), (SELECT count(*) FROM told) FROM kept
