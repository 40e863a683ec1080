-- Stores one job as Node's `send` does with a singletonKey, unless another holds the key; then gives
-- that one. No row back: the holder came or went meanwhile, so try again.
-- Index: job_singletonkey, job_singleton_queue.
WITH submitted AS (
    INSERT INTO {schema}.job (name, priority, data, retrylimit, retrydelay, retrybackoff, startafter,
                              expirein, keepuntil, on_complete, singletonkey)
    SELECT %(name)s, %(priority)s, %(data)s::jsonb, %(retry_limit)s, %(retry_delay)s,
           %(retry_backoff)s, startafter, %(expire_in)s::float8 * interval '1 second',
           startafter + %(keep_for)s::float8 * interval '1 second', %(on_complete)s,
           %(singleton_key)s
    FROM (SELECT coalesce(%(at)s::timestamptz, now() + %(delay)s::float8 * interval '1 second',
                          now())) AS moment (startafter)
    ON CONFLICT DO NOTHING
    RETURNING id, name, startafter
), holder AS (
    SELECT id
    FROM {schema}.job
    WHERE name = %(name)s AND singletonkey = %(singleton_key)s AND singletonon IS NULL
      AND state < 'completed' AND NOT singletonkey LIKE '\_\_pgboss\_\_singleton\_queue%%'
    UNION ALL
    SELECT id
    FROM {schema}.job
    WHERE name = %(name)s AND singletonkey = %(singleton_key)s AND singletonon IS NULL
      AND state < 'active' AND singletonkey LIKE '\_\_pgboss\_\_singleton\_queue%%'
)
SELECT id::text, false,
       CASE WHEN startafter <= now() AND EXISTS (SELECT FROM jobs.supervisor WHERE idle)
            THEN pg_notify('jobs', 'wake 1 ' || name) END
FROM submitted
UNION ALL
SELECT id::text, true, NULL FROM holder WHERE NOT EXISTS (SELECT FROM submitted)
