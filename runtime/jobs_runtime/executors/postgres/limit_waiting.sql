-- Puts what was submitted before its job had limits under them.
-- Index: job_ready.
UPDATE jobs.job
SET limit_key = ''
WHERE queue = %(queue)s AND ready AND limit_key IS NULL
