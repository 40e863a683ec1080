-- Moves jobs that reached a final state into the history; a late writer moves nothing.
-- Index: job_pkey, slot_job.
WITH outcome AS (
    SELECT *
    FROM unnest(%(ids)s::bigint[], %(seconds)s::float8[], %(outputs)s::json[])
         AS outcome (id, seconds, output)
), gone AS (
    DELETE FROM jobs.job AS job
    USING outcome
    WHERE job.id = outcome.id AND (job.claimed_by = %(incarnation)s) IS TRUE
    RETURNING job.*, outcome.seconds, outcome.output AS result
), kept AS (
    INSERT INTO jobs.finished (id, created_at, start_after, started_at, rank, state, attempt,
                               deaths, queue, name, args, options, output)
    SELECT id, created_at, start_after, clock_timestamp() - seconds * interval '1 second', rank,
           %(state)s::jobs.job_state, attempt, deaths, queue, name, args, options, result
    FROM gone
    RETURNING id
), freed AS (
    DELETE FROM jobs.slot
    WHERE %(state)s::jobs.job_state <> 'completed' AND job_id IN (SELECT id FROM kept)
)
SELECT id FROM kept
