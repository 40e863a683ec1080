-- The schedules, and the database's clock. Index: pgboss_schedule_pkey.
SELECT schedule.name, known.cron, known.time_zone, data::text, options::text, missed, missed_limit,
       last_tick, clock_timestamp()
FROM {schema}.schedule
JOIN jobs.pgboss_schedule AS known ON tables = '{schema}' AND known.name = schedule.name
