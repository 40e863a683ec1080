-- Forgets a schedule made at run time.
-- Index: schedule_pkey.
DELETE FROM jobs.schedule WHERE key = %(key)s AND NOT declared RETURNING key
