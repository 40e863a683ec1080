-- Every schedule there is.
-- Index: none, the table has one row a schedule.
SELECT key, name, cron, time_zone, declared, paused_at, last_tick FROM jobs.schedule ORDER BY key
