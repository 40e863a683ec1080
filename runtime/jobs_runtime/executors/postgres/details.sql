-- Finds a job by id, whether it still waits, runs or is finished.
-- Index: job_pkey, finished_id.
SELECT id::text, name, queue, state::text, rank, attempt, deaths, args::text, options::text,
       created_at, start_after, claimed_at, NULL::timestamptz, progress::text,
       output::text
FROM jobs.job
WHERE id = %(id)s
UNION ALL
SELECT id::text, name, queue, state::text, rank, attempt, deaths, args::text, options::text,
       created_at, start_after, started_at, finished_at, progress::text,
       output::text
FROM jobs.finished
WHERE id = %(id)s
LIMIT 1
