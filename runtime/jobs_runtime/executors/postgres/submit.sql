-- Adds a row; wakes a worker only when one may be waiting.
-- Index: none read; job_ready or job_due is written.
WITH submitted AS (
    INSERT INTO jobs.job (queue, name, rank, args, options, start_after, ready, keep_until,
                          limit_key)
    SELECT %(queue)s, %(name)s, %(rank)s, %(args)s::json, %(options)s::json,
           moment.start_after, coalesce(moment.start_after <= now(), true),
           coalesce(moment.start_after, now()) + %(keep_for)s::float8 * interval '1 second',
           %(limit_key)s
    FROM (SELECT coalesce(%(at)s::timestamptz,
                          now() + %(delay)s::float8 * interval '1 second')) AS moment (start_after)
    RETURNING id, queue, ready, start_after
)
SELECT id,
       CASE
           WHEN ready AND EXISTS (SELECT FROM jobs.supervisor WHERE idle)
               THEN pg_notify('jobs', 'wake 1 ' || queue)
           WHEN NOT ready AND start_after < now() + interval '2 seconds'
               THEN pg_notify('jobs', 'due')
       END
FROM submitted
