-- Adds a row unless another holds its singleton key; then gives that one.
-- No row back: the holder came or went meanwhile, so try again.
-- Index: job_singleton, job_singleton_queue.
WITH submitted AS (
    INSERT INTO jobs.job (queue, name, rank, args, options, start_after, ready, keep_until,
                          singleton_key, singleton_queue, limit_key)
    SELECT %(queue)s, %(name)s, %(rank)s, %(args)s::json, %(options)s::json,
           moment.start_after, coalesce(moment.start_after <= now(), true),
           coalesce(moment.start_after, now()) + %(keep_for)s::float8 * interval '1 second',
           %(singleton_key)s, %(singleton_queue)s, %(limit_key)s
    FROM (SELECT coalesce(%(at)s::timestamptz,
                          now() + %(delay)s::float8 * interval '1 second')) AS moment (start_after)
    ON CONFLICT DO NOTHING
    RETURNING id, queue, ready, start_after
), holder AS (
    SELECT id
    FROM jobs.job
    WHERE name = %(name)s AND singleton_key = %(singleton_key)s
      AND singleton_key IS NOT NULL AND NOT singleton_queue AND NOT %(singleton_queue)s::boolean
    UNION ALL
    SELECT id
    FROM jobs.job
    WHERE name = %(name)s AND singleton_key = %(singleton_key)s
      AND singleton_key IS NOT NULL AND singleton_queue
      AND %(singleton_queue)s::boolean
)
SELECT id, false AS duplicate,
       CASE
           WHEN ready AND EXISTS (SELECT FROM jobs.supervisor WHERE idle)
               THEN pg_notify('jobs', 'wake 1 ' || queue)
           WHEN NOT ready AND start_after < now() + interval '2 seconds'
               THEN pg_notify('jobs', 'due')
       END
FROM submitted
UNION ALL
SELECT id, true, NULL FROM holder WHERE NOT EXISTS (SELECT FROM submitted)
