-- The schedules that some living supervisor declares, and the database's clock.
-- Index: none, the table has one row a schedule.
SELECT key, name, cron, time_zone, missed, missed_limit, overlap, last_tick, clock_timestamp()
FROM jobs.schedule
WHERE EXISTS (SELECT FROM jobs.supervisor WHERE key = ANY (schedules))
