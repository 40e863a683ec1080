-- What an incarnation holds.
-- Index: job_held.
SELECT id, name, rank, attempt, deaths, args::text, options::text, 0::float8
FROM jobs.job
WHERE claimed_by = %(incarnation)s
