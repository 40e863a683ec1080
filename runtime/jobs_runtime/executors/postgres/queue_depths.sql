-- How many jobs could be claimed, are delayed and run, by queue and name; how long the oldest
-- claimable one has waited, and whether some living supervisor performs jobs of that name.
-- It counts the first so many ready jobs of each queue and delayed jobs of all: a backlog of
-- millions costs no more. Takes no lock.
-- Index: job_ready, job_due, claim_pkey, job_pkey.
WITH RECURSIVE queues AS (
    (SELECT queue FROM jobs.job WHERE ready ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT job.queue FROM jobs.job
            WHERE ready AND job.queue > queues.queue
            ORDER BY job.queue LIMIT 1)
    FROM queues
    WHERE queues.queue IS NOT NULL
), counted AS (
    SELECT queues.queue, name, 'ready' AS state, count(*) AS jobs, min(since) AS since
    FROM queues CROSS JOIN LATERAL (
        SELECT name, greatest(created_at, start_after) AS since
        FROM jobs.job
        WHERE queue = queues.queue AND ready AND claimed_by IS NULL
        ORDER BY rank, id
        LIMIT %(limit)s
    ) AS ready
    GROUP BY queues.queue, name
    UNION ALL
    SELECT queue, name, 'delayed', count(*), NULL
    FROM (
        SELECT queue, name
        FROM jobs.job
        WHERE NOT ready
        ORDER BY start_after
        LIMIT %(limit)s
    ) AS delayed
    GROUP BY queue, name
    UNION ALL
    SELECT queue, name, 'active', count(*), NULL
    FROM jobs.worker
    CROSS JOIN LATERAL (
        SELECT ids FROM jobs.claim WHERE incarnation = worker.incarnation ORDER BY number DESC LIMIT 1
    ) AS last
    CROSS JOIN LATERAL (
        SELECT queue, name FROM jobs.job WHERE id = ANY (ids) AND (claimed_by = incarnation) IS TRUE
    ) AS active
    GROUP BY queue, name
)
SELECT queue, name, state, jobs,
       coalesce(extract(epoch FROM clock_timestamp() - since), 0)::float8,
       EXISTS (SELECT FROM jobs.supervisor WHERE name = ANY (names))
FROM counted
ORDER BY jobs DESC
