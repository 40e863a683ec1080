-- How many jobs could be claimed, are delayed and run here, of every name that a living supervisor
-- performs, and how long the first claimable one has waited. It counts the first so many of a name.
-- Of those that run, our own: no index finds what Node performs. Takes no lock.
-- Index: job_fetch, job_pkey.
WITH wanted AS (
    SELECT DISTINCT unnest(names) AS name FROM jobs.supervisor
), counted AS (
    SELECT wanted.name, 'ready' AS state,
           (SELECT count(*)
            FROM (SELECT
                  FROM {schema}.job
                  WHERE job.name = wanted.name AND state < 'active' AND startafter < now()
                  ORDER BY startafter LIMIT %(limit)s) AS ready) AS jobs,
           (SELECT greatest(createdon, startafter)
            FROM {schema}.job
            WHERE job.name = wanted.name AND state < 'active' AND startafter < now()
            ORDER BY startafter LIMIT 1) AS since
    FROM wanted
    UNION ALL
    SELECT wanted.name, 'delayed',
           (SELECT count(*)
            FROM (SELECT
                  FROM {schema}.job
                  WHERE job.name = wanted.name AND state < 'active' AND startafter >= now()
                  ORDER BY startafter LIMIT %(limit)s) AS delayed),
           NULL
    FROM wanted
    UNION ALL
    SELECT job.name, 'active', count(*), NULL
    FROM jobs.pgboss_lease AS lease
    CROSS JOIN LATERAL (
        SELECT * FROM {schema}.job WHERE id = lease.job_id
        OFFSET 0 -- one look-up each, however few jobs the planner believes in
    ) AS job
    WHERE tables = '{schema}' AND job.startedon = lease.startedon AND state = 'active'
    GROUP BY job.name
)
SELECT name, name, state, jobs,
       coalesce(extract(epoch FROM clock_timestamp() - since), 0)::float8, true
FROM counted
WHERE jobs > 0
ORDER BY jobs DESC
