-- Writes a schedule as a Node does, and that it is ours. Index: schedule_pkey, pgboss_schedule_pkey.
WITH written AS (
    INSERT INTO {schema}.schedule (name, cron, timezone, data, options)
    VALUES (%(name)s, %(cron)s, %(time_zone)s, %(data)s::jsonb, %(options)s::jsonb)
    ON CONFLICT (name) DO UPDATE
    SET cron = excluded.cron, timezone = excluded.timezone, data = excluded.data,
        options = excluded.options, updated_on = now()
)
INSERT INTO jobs.pgboss_schedule AS known
    (tables, name, cron, time_zone, missed, missed_limit, owner)
VALUES ('{schema}', %(name)s, %(cron)s, %(time_zone)s, %(missed)s, %(missed_limit)s, %(owner)s)
ON CONFLICT (tables, name) DO UPDATE
SET last_tick = CASE
                    WHEN (known.cron, known.time_zone) = (excluded.cron, excluded.time_zone)
                        THEN known.last_tick
                    ELSE now()
                END,
    cron = excluded.cron, time_zone = excluded.time_zone, missed = excluded.missed,
    missed_limit = excluded.missed_limit, owner = excluded.owner
