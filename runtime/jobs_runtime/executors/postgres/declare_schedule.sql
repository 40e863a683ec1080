-- Writes a declared schedule; a new one begins now, a changed one keeps its last tick.
-- Index: schedule_pkey.
INSERT INTO jobs.schedule (key, name, queue, cron, time_zone, missed, missed_limit, overlap, rank,
                           args, options)
VALUES (%(key)s, %(name)s, %(queue)s, %(cron)s, %(time_zone)s, %(missed)s, %(missed_limit)s,
        %(overlap)s, %(rank)s, %(args)s::json, %(options)s::json)
ON CONFLICT (key) DO UPDATE
SET name = excluded.name, queue = excluded.queue, cron = excluded.cron,
    time_zone = excluded.time_zone, missed = excluded.missed, missed_limit = excluded.missed_limit,
    overlap = excluded.overlap, rank = excluded.rank, args = excluded.args,
    options = excluded.options
