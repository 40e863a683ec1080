-- Removes the schedules that an application wrote and declares no more, unless somebody has changed
-- them since. Index: pgboss_schedule_pkey, schedule_pkey.
WITH removed AS (
    DELETE FROM jobs.pgboss_schedule
    WHERE tables = '{schema}' AND owner = %(owner)s AND NOT name = ANY (%(names)s)
    RETURNING name, cron, time_zone
)
DELETE FROM {schema}.schedule
USING removed
WHERE schedule.name = removed.name AND schedule.cron = removed.cron
  AND coalesce(timezone, 'UTC') = removed.time_zone
RETURNING schedule.name
