-- Stores one job as Node's `send` does.
-- Index: none read; all of them are written.
INSERT INTO {schema}.job (name, priority, data, retrylimit, retrydelay, retrybackoff, startafter,
                          expirein, keepuntil, on_complete)
SELECT %(name)s, %(priority)s, %(data)s::jsonb, %(retry_limit)s, %(retry_delay)s, %(retry_backoff)s,
       startafter, %(expire_in)s::float8 * interval '1 second',
       startafter + %(keep_for)s::float8 * interval '1 second', %(on_complete)s
FROM (SELECT coalesce(%(at)s::timestamptz, now() + %(delay)s::float8 * interval '1 second', now()))
     AS moment (startafter)
RETURNING id::text, false,
          CASE WHEN startafter <= now() AND EXISTS (SELECT FROM jobs.supervisor WHERE idle)
               THEN pg_notify('jobs', 'wake 1 ' || name) END
