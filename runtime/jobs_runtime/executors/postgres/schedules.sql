-- The schedules to fire, and the database's clock: those that some living supervisor declares, and
-- those made at run time; none that is paused.
-- Index: none, the table has one row a schedule.
SELECT key, name, cron, time_zone, missed, missed_limit, overlap, last_tick, clock_timestamp()
FROM jobs.schedule
WHERE paused_at IS NULL
  AND (NOT declared OR EXISTS (SELECT FROM jobs.supervisor WHERE key = ANY (schedules)))
