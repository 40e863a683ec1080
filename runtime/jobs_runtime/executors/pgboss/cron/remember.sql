-- Schedules that are not known yet, or that somebody else has changed, who owns them from now on.
-- Index: pgboss_schedule_pkey.
INSERT INTO jobs.pgboss_schedule (tables, name, cron, time_zone)
SELECT '{schema}', name, cron, coalesce(timezone, 'UTC')
FROM {schema}.schedule
WHERE NOT EXISTS (
    SELECT
    FROM jobs.pgboss_schedule AS known
    WHERE tables = '{schema}' AND known.name = schedule.name AND known.cron = schedule.cron
      AND known.time_zone = coalesce(timezone, 'UTC')
)
ON CONFLICT (tables, name) DO UPDATE
SET cron = excluded.cron, time_zone = excluded.time_zone, last_tick = now(), owner = NULL,
    missed = NULL
