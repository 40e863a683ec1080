-- Stores one job as Node's `send` does with singletonSeconds, if its slot is free or, with
-- singletonNextSlot, the next one; else gives the job that holds the slot.
-- No row back: the holder came or went meanwhile, so try again.
-- Index: job_singletonkeyon.
WITH clock AS (
    SELECT floor(elapsed / width) * width AS slot, elapsed, width
    FROM (SELECT extract(epoch FROM now())::float8, %(slot_seconds)s::float8) AS now (elapsed, width)
), slots AS (
    SELECT timestamp 'epoch' + slot * interval '1 second' AS this,
           timestamp 'epoch' + (slot + width) * interval '1 second' AS next,
           now() + (greatest(width - floor(elapsed - slot), 1) + (width > 1)::integer)
                   * interval '1 second' AS debounced,
           coalesce(%(at)s::timestamptz, now() + %(delay)s::float8 * interval '1 second', now())
               AS startafter
    FROM clock
), first AS (
    INSERT INTO {schema}.job (name, priority, data, retrylimit, retrydelay, retrybackoff, startafter,
                              expirein, keepuntil, on_complete, singletonkey, singletonon)
    SELECT %(name)s, %(priority)s, %(data)s::jsonb, %(retry_limit)s, %(retry_delay)s,
           %(retry_backoff)s, startafter, %(expire_in)s::float8 * interval '1 second',
           startafter + %(keep_for)s::float8 * interval '1 second', %(on_complete)s,
           %(singleton_key)s, this
    FROM slots
    ON CONFLICT DO NOTHING
    RETURNING id, name, startafter
), second AS (
    INSERT INTO {schema}.job (name, priority, data, retrylimit, retrydelay, retrybackoff, startafter,
                              expirein, keepuntil, on_complete, singletonkey, singletonon)
    SELECT %(name)s, %(priority)s, %(data)s::jsonb, %(retry_limit)s, %(retry_delay)s,
           %(retry_backoff)s, debounced, %(expire_in)s::float8 * interval '1 second',
           debounced + %(keep_for)s::float8 * interval '1 second', %(on_complete)s,
           %(singleton_key)s, next
    FROM slots
    WHERE %(next_slot)s::boolean AND NOT EXISTS (SELECT FROM first)
    ON CONFLICT DO NOTHING
    RETURNING id, name, startafter
), submitted AS (
    SELECT * FROM first UNION ALL SELECT * FROM second
), holder AS (
    SELECT id
    FROM slots, {schema}.job
    WHERE name = %(name)s AND singletonkey IS NOT DISTINCT FROM %(singleton_key)s
      AND singletonon = CASE WHEN %(next_slot)s::boolean THEN next ELSE this END
      AND state < 'expired'
)
SELECT id::text, false,
       CASE WHEN startafter <= now() AND EXISTS (SELECT FROM jobs.supervisor WHERE idle)
            THEN pg_notify('jobs', 'wake 1 ' || name) END
FROM submitted
UNION ALL
SELECT id::text, true, NULL FROM holder WHERE NOT EXISTS (SELECT FROM submitted)
