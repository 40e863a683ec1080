-- Writes a schedule as code declares it, if it is not like that: a new one begins now, a changed
-- one keeps its last tick. While a supervisor with newer code declares it too, that one decides.
-- Index: schedule_pkey, supervisor_pkey.
WITH written AS (
    INSERT INTO jobs.schedule (key, declared, name, queue, cron, time_zone, missed, missed_limit,
                               overlap, rank, args, options)
    SELECT %(key)s, true, %(name)s, %(queue)s, %(cron)s, %(time_zone)s, %(missed)s,
           %(missed_limit)s, %(overlap)s, %(rank)s, %(args)s::json, %(options)s::json
    WHERE NOT EXISTS (
        SELECT
        FROM jobs.schedule
        WHERE key = %(key)s AND declared AND name = %(name)s AND queue = %(queue)s
          AND cron = %(cron)s AND time_zone = %(time_zone)s AND missed = %(missed)s
          AND missed_limit = %(missed_limit)s AND overlap = %(overlap)s AND rank = %(rank)s
          AND args::text IS NOT DISTINCT FROM %(args)s::text
          AND options::text IS NOT DISTINCT FROM %(options)s::text
    ) AND NOT EXISTS (
        SELECT
        FROM jobs.supervisor AS newer
        WHERE %(key)s = ANY (newer.schedules)
          AND newer.declared_at
              > (SELECT declared_at FROM jobs.supervisor WHERE id = %(supervisor_id)s)
    )
    ON CONFLICT (key) DO UPDATE
    SET declared = true, name = excluded.name, queue = excluded.queue,
        cron = excluded.cron, time_zone = excluded.time_zone, missed = excluded.missed,
        missed_limit = excluded.missed_limit, overlap = excluded.overlap, rank = excluded.rank,
        args = excluded.args, options = excluded.options
    RETURNING key
)
SELECT pg_notify('jobs', 'schedules') FROM written
