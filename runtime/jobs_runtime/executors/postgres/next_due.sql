-- Seconds until the next job becomes due.
-- Index: job_due.
SELECT extract(epoch FROM start_after - clock_timestamp())::float8
FROM jobs.job
WHERE NOT ready
ORDER BY start_after
LIMIT 1
