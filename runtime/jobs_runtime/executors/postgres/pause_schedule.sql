-- Has a schedule fire no more.
-- Index: schedule_pkey.
UPDATE jobs.schedule SET paused_at = coalesce(paused_at, now()) WHERE key = %(key)s
