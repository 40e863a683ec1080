-- Says goodbye; its workers have ended and their claims are settled.
-- Index: supervisor_pkey.
DELETE FROM jobs.supervisor WHERE id = %(id)s
