-- Which queues have work, each with the rank of its first job; takes no lock.
-- Index: job_ready.
SELECT wanted.queue, first.rank
FROM unnest(%(queues)s::text[]) AS wanted (queue)
CROSS JOIN LATERAL (
    SELECT rank
    FROM jobs.job
    WHERE queue = wanted.queue AND ready AND claimed_by IS NULL
    ORDER BY rank, id
    LIMIT 1
) AS first
