-- Submits a schedule's job beside its ticks.
-- Index: schedule_pkey.
WITH submitted AS (
    INSERT INTO jobs.job (queue, name, rank, keep_until, args, options, limit_key, singleton_key,
                          singleton_queue)
    SELECT queue, name, rank, now() + (options ->> 'keep_for')::float8 * interval '1 second',
           args, options, options ->> 'limit_key', options ->> 'singleton_key',
           coalesce((options ->> 'singleton_queue')::boolean, false)
    FROM jobs.schedule
    WHERE key = %(key)s
    ON CONFLICT DO NOTHING
    RETURNING id, queue
)
SELECT id::text, pg_notify('jobs', 'wake 1 ' || queue) FROM submitted
