-- Writes a schedule made at run time; a new one begins now, and so does one with other times: what
-- they would have been before is not missed.
-- One that is declared in code is not changed at run time: then no row comes back.
-- Index: schedule_pkey.
WITH written AS (
    INSERT INTO jobs.schedule (key, declared, name, queue, cron, time_zone, missed, missed_limit,
                               overlap, rank, args, options)
    VALUES (%(key)s, false, %(name)s, %(queue)s, %(cron)s, %(time_zone)s, %(missed)s,
            %(missed_limit)s, %(overlap)s, %(rank)s, %(args)s::json, %(options)s::json)
    ON CONFLICT (key) DO UPDATE
    SET name = excluded.name, queue = excluded.queue, cron = excluded.cron,
        time_zone = excluded.time_zone, missed = excluded.missed,
        missed_limit = excluded.missed_limit, overlap = excluded.overlap, rank = excluded.rank,
        args = excluded.args, options = excluded.options,
        last_tick = CASE
            WHEN (schedule.cron, schedule.time_zone) = (excluded.cron, excluded.time_zone)
                THEN schedule.last_tick
            ELSE now()
        END
    WHERE NOT schedule.declared
    RETURNING key
)
SELECT pg_notify('jobs', 'schedules') FROM written
