-- What an incarnation holds and may still settle.
-- Index: pgboss_lease_pkey, job_common_pkey, pgboss_death_pkey.
SELECT lease.id, job.id::text, name, priority, retry_count, data::text, retry_limit,
       CASE WHEN retry_backoff THEN greatest(retry_delay, 1) ELSE retry_delay END, retry_backoff,
       expire_seconds::float8, 0::float8,
       coalesce((SELECT deaths FROM jobs.pgboss_death AS death WHERE death.job_id = job.id), 0),
       retry_delay_max
FROM jobs.pgboss_lease AS lease
JOIN {schema}.job -- ANY: one look-up each, however few jobs the planner believes in
    ON job.name = ANY (ARRAY[lease.queue]) AND job.id = ANY (ARRAY[lease.job_id])
    AND (started_on = startedon AND state = 'active') IS TRUE
WHERE claimed_by = %(incarnation)s AND tables = '{schema}'
