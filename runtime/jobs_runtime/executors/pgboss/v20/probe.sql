-- Which of the queues have jobs to take; takes no lock.
-- Index: job_fetch.
SELECT wanted.queue, 0
FROM unnest(%(pgboss_queues)s::text[]) AS wanted (queue)
WHERE EXISTS (
    SELECT
    FROM {schema}.job
    WHERE name = wanted.queue AND state < 'active' AND startafter < now()
)
