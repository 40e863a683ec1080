-- Has a schedule fire again; ticks of its pause are not missed.
-- Index: schedule_pkey.
WITH resumed AS (
    UPDATE jobs.schedule
    SET paused_at = NULL, last_tick = greatest(last_tick, now())
    WHERE key = %(key)s AND paused_at IS NOT NULL
    RETURNING key
)
SELECT pg_notify('jobs', 'schedules') FROM resumed
