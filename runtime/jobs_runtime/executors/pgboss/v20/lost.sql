-- Leases of jobs that are not active any more since they were leased: cancelled, expired or deleted.
-- Index: pgboss_lease_pkey, job_pkey.
SELECT lease.id, claimed_by
FROM jobs.pgboss_lease AS lease
LEFT JOIN LATERAL (
    SELECT startedon, state FROM {schema}.job WHERE id = lease.job_id
    OFFSET 0 -- one look-up each, however few jobs the planner believes in
) AS job ON true
WHERE claimed_by = ANY (%(incarnations)s::bigint[]) AND tables = '{schema}'
  AND (job.startedon = lease.startedon AND state = 'active') IS NOT TRUE
