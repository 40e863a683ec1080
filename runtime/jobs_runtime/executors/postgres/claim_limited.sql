-- Takes the next ready job whose limits allow one more, of a queue with limits, and notes which.
-- Comes after lock_limits in one transaction. Steps from key to key among those that wait.
-- The clock is read once, by a query of its own, or no index could serve the comparison.
-- Index: job_limited, job_running, beginning_began, job_pkey.
WITH RECURSIVE waiting (limit_key) AS (
    (SELECT limit_key
     FROM jobs.job
     WHERE queue = %(queue)s AND limit_key IS NOT NULL AND ready AND NOT running
     ORDER BY limit_key
     LIMIT 1)
    UNION ALL
    SELECT (SELECT job.limit_key
            FROM jobs.job
            WHERE queue = %(queue)s AND job.limit_key > waiting.limit_key AND ready AND NOT running
            ORDER BY job.limit_key
            LIMIT 1)
    FROM waiting
    WHERE waiting.limit_key IS NOT NULL
), allowed AS (
    SELECT limit_key
    FROM waiting
    WHERE limit_key IS NOT NULL
      AND (%(concurrency)s::integer IS NULL OR %(concurrency)s::integer > (
          SELECT count(*)
          FROM jobs.job
          WHERE queue = %(queue)s AND job.limit_key = waiting.limit_key AND running))
      AND (%(rate)s::integer IS NULL OR %(rate)s::integer > (
          SELECT count(*)
          FROM jobs.beginning
          WHERE queue = %(queue)s AND beginning.limit_key = waiting.limit_key
            AND began_at > (SELECT clock_timestamp()) - %(window)s::float8 * interval '1 second'))
), first AS (
    SELECT id
    FROM allowed
    CROSS JOIN LATERAL (
        SELECT id, rank
        FROM jobs.job
        WHERE queue = %(queue)s AND job.limit_key = allowed.limit_key AND ready AND NOT running
          AND claimed_by IS NULL
          AND name = ANY (%(names)s::text[])
          AND EXISTS (SELECT FROM jobs.worker WHERE incarnation = %(incarnation)s)
          AND NOT EXISTS (SELECT FROM jobs.pause WHERE kind = 'queue' AND pause.name = %(queue)s)
          AND name <> ALL (ARRAY(SELECT pause.name FROM jobs.pause WHERE kind = 'job'))
        ORDER BY rank, id
        LIMIT 1
    ) AS next
    ORDER BY rank, id
    LIMIT 1
), taken AS (
    UPDATE jobs.job
    SET state = 'active', attempt = attempt + 1, running = true,
        singleton_key = CASE WHEN NOT singleton_queue THEN singleton_key END,
        claimed_by = %(incarnation)s, claimed_at = clock_timestamp()
    WHERE id = (SELECT job.id FROM jobs.job JOIN first USING (id)
                WHERE ready AND NOT running AND claimed_by IS NULL
                FOR UPDATE OF job SKIP LOCKED)
    RETURNING *
), noted AS (
    INSERT INTO jobs.claim (incarnation, ids) SELECT claimed_by, ARRAY[id] FROM taken
), begun AS (
    INSERT INTO jobs.beginning (queue, limit_key)
    SELECT queue, limit_key FROM taken WHERE %(rate)s::integer IS NOT NULL
)
SELECT id, name, rank, attempt, deaths, args::text, options::text,
       extract(epoch FROM clock_timestamp() - greatest(created_at, start_after))::float8
FROM taken
