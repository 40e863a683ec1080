-- How much waits and runs, by name. Index: job_name.
SELECT name, count(*) FILTER (WHERE state < 'active'), count(*) FILTER (WHERE state = 'active')
FROM {schema}.job
WHERE state < 'completed' AND NOT starts_with(name, '__pgboss__')
GROUP BY name
ORDER BY name
