-- Stores jobs as Node's `send` does: what the options do not say, the queue does. Fewer rows back than
-- were given: there is no such queue, or none that takes jobs from here, or the time slot is taken.
-- Index: queue_pkey, job_common_i4.
WITH clock AS (
    SELECT floor(elapsed / width) * width AS slot, elapsed, width
    FROM (SELECT extract(epoch FROM now())::float8, %(slot_seconds)s::float8) AS now (elapsed, width)
), moment AS (
    SELECT CASE
               WHEN %(in_next_slot)s
                   THEN now() + (greatest(width - floor(elapsed - slot), 1) + (width > 1)::integer)
                                * interval '1 second'
               ELSE coalesce(%(at)s::timestamptz, now() + %(delay)s::float8 * interval '1 second', now())
           END AS start_after,
           timestamp 'epoch' + (slot + width * %(in_next_slot)s::integer) * interval '1 second'
               AS singleton_on
    FROM clock
), submitted AS (
    INSERT INTO {schema}.job (
        id, name, priority, data, start_after, keep_until, expire_seconds, deletion_seconds, retry_limit,
        retry_delay, retry_backoff, retry_delay_max, policy, dead_letter, singleton_key, singleton_on
        , heartbeat_seconds -- if job.heartbeat_seconds
    )
    SELECT given.id, name, %(priority)s, given.data, start_after,
           start_after + coalesce(%(keep_for)s::float8, retention_seconds) * interval '1 second',
           coalesce(%(expire_in)s::integer, expire_seconds), deletion_seconds,
           coalesce(%(retry_limit)s::integer, retry_limit),
           coalesce(%(retry_delay)s::integer, retry_delay),
           coalesce(%(retry_backoff)s::boolean, retry_backoff), retry_delay_max, policy, dead_letter,
           %(singleton_key)s, singleton_on
           , heartbeat_seconds -- if job.heartbeat_seconds
    FROM {schema}.queue
    CROSS JOIN moment
    CROSS JOIN unnest(%(ids)s::uuid[], %(data)s::jsonb[]) AS given (id, data)
    WHERE name = %(name)s AND policy = 'standard'
    ON CONFLICT DO NOTHING
    RETURNING id, name, start_after
), told AS (
    SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || name)
    FROM submitted
    WHERE start_after <= now() AND EXISTS (SELECT FROM jobs.supervisor WHERE idle)
    GROUP BY name
    UNION ALL -- if queue.notify
    SELECT pg_notify('{channel}', name) FROM {schema}.queue -- if queue.notify
    WHERE name IN (SELECT name FROM submitted WHERE start_after <= now()) AND notify -- if queue.notify
)
SELECT id::text, (SELECT count(*) FROM told) FROM submitted
