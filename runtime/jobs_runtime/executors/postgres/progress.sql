-- Keeps how far attempts have come; a late writer changes nothing.
-- Index: job_pkey.
UPDATE jobs.job SET progress = %(progress)s::json
WHERE id = %(id)s AND (claimed_by = %(incarnation)s) IS TRUE
