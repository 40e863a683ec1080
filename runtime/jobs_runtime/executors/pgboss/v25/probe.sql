-- Which of the queues have jobs to take; takes no lock.
-- Index: queue_pkey, job_common_i11, one entry for each queue.
SELECT queue.name, 0
FROM {schema}.queue
CROSS JOIN LATERAL (
    SELECT
    FROM {schema}.job
    WHERE job.name = queue.name AND state < 'active' AND start_after <= now()
      AND NOT blocked -- if job.blocked
    LIMIT 1
) AS first
WHERE queue.name = ANY (%(pgboss_queues)s::text[]) AND policy = 'standard'
