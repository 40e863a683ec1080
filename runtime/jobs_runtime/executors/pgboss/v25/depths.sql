-- How many jobs could be claimed, are delayed and run here, of every queue whose jobs a living
-- supervisor performs, and how long the first claimable one has waited. It counts the first so many of
-- a queue. From version 40 on the index is in the order of taking: the delayed are those among the first
-- that wait, and those in front of the claimable are passed over in it, as each probe does.
-- Of those that run, our own: no index finds what Node performs. Takes no lock.
-- Index: queue_pkey, job_common_i11, job_common_pkey; before version 40 job_common_i5.
WITH wanted AS (
    SELECT name
    FROM {schema}.queue
    WHERE name = ANY (ARRAY(SELECT unnest(names) FROM jobs.supervisor)) AND policy = 'standard'
), counted AS (
    SELECT wanted.name, 'ready' AS state, jobs, since
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT count(*) AS jobs, min(greatest(created_on, start_after)) AS since
        FROM (SELECT created_on, start_after
              FROM {schema}.job
              WHERE job.name = wanted.name AND state < 'active' AND start_after <= now()
                AND NOT blocked -- if job.blocked
              ORDER BY start_after -- unless queue.monitor_claim_on
              ORDER BY priority DESC, created_on -- if queue.monitor_claim_on
              LIMIT %(limit)s) AS first
    ) AS ready
    UNION ALL
    SELECT wanted.name, 'delayed', jobs, NULL
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE start_after > now()) AS jobs
        FROM (SELECT start_after
              FROM {schema}.job
              WHERE job.name = wanted.name AND state < 'active'
                AND start_after > now() -- unless queue.monitor_claim_on
                AND NOT blocked -- if job.blocked
              ORDER BY start_after -- unless queue.monitor_claim_on
              ORDER BY priority DESC, created_on -- if queue.monitor_claim_on
              LIMIT %(limit)s) AS first
    ) AS delayed
    UNION ALL
    SELECT job.name, 'active', count(*), NULL
    FROM jobs.pgboss_lease AS lease
    JOIN {schema}.job -- ANY: one look-up each, however few jobs the planner believes in
        ON job.name = ANY (ARRAY[lease.queue]) AND job.id = ANY (ARRAY[lease.job_id])
        AND (started_on = startedon AND state = 'active') IS TRUE
    WHERE tables = '{schema}'
    GROUP BY job.name
)
SELECT name, name, state, jobs,
       coalesce(extract(epoch FROM clock_timestamp() - since), 0)::float8, true
FROM counted
WHERE jobs > 0
ORDER BY jobs DESC
