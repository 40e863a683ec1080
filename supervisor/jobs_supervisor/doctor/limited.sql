-- Ready jobs that count under a limit, by queue and key, and how many of each run; of the first
-- so many.
-- Index: job_limited, job_running.
SELECT queue, limit_key, count(*),
       (SELECT count(*) FROM jobs.job
        WHERE job.queue = waiting.queue AND job.limit_key = waiting.limit_key
          AND running)
FROM (
    SELECT queue, limit_key
    FROM jobs.job
    WHERE limit_key IS NOT NULL AND ready AND NOT running
    ORDER BY queue, limit_key
    LIMIT %(limit)s
) AS waiting
GROUP BY queue, limit_key
ORDER BY 3 DESC
