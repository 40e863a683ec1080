-- What an incarnation holds and may still settle.
-- Index: pgboss_lease_pkey, job_pkey, pgboss_death_pkey.
SELECT lease.id, job.id::text, name, priority, retrycount, data::text, retrylimit, retrydelay,
       retrybackoff, extract(epoch FROM expirein)::float8, 0::float8,
       coalesce((SELECT deaths FROM jobs.pgboss_death AS death WHERE death.job_id = job.id), 0),
       NULL::integer
FROM jobs.pgboss_lease AS lease
CROSS JOIN LATERAL (
    SELECT * FROM {schema}.job WHERE id = lease.job_id
    OFFSET 0 -- one look-up each, however few jobs the planner believes in
) AS job
WHERE claimed_by = %(incarnation)s AND tables = '{schema}'
  AND job.startedon = lease.startedon AND state = 'active'
