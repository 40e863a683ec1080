-- Ready jobs of some queues that count under a limit, by queue and key, and how many of each run; of
-- the first so many of each queue.
-- Index: job_limited, job_running.
SELECT queue, limit_key, count(*),
       (SELECT count(*) FROM jobs.job
        WHERE job.queue = waiting.queue AND job.limit_key = waiting.limit_key
          AND running)
FROM unnest(%(queues)s::text[]) AS wanted CROSS JOIN LATERAL (
    SELECT queue, limit_key
    FROM jobs.job
    WHERE queue = wanted AND limit_key IS NOT NULL AND ready AND NOT running
    ORDER BY limit_key
    LIMIT %(limit)s
) AS waiting
GROUP BY queue, limit_key
ORDER BY 3 DESC
