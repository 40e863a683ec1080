-- Which of the queues have jobs to take; takes no lock.
-- Index: job_fetch; one entry for each queue.
SELECT wanted.queue, 0
FROM unnest(%(pgboss_queues)s::text[]) AS wanted (queue)
CROSS JOIN LATERAL (
    SELECT
    FROM {schema}.job
    WHERE name = wanted.queue AND state < 'active' AND startafter < now()
    ORDER BY startafter
    LIMIT 1
) AS first
