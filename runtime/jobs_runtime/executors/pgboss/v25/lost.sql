-- Leases of jobs that are not active any more since they were leased: cancelled, expired or deleted.
-- Index: pgboss_lease_pkey, job_common_pkey.
SELECT id, claimed_by
FROM jobs.pgboss_lease AS lease
WHERE claimed_by = ANY (%(incarnations)s::bigint[]) AND tables = '{schema}'
  AND NOT EXISTS (
      SELECT
      FROM {schema}.job
      WHERE job.name = lease.queue AND job.id = lease.job_id AND started_on = lease.startedon
        AND state = 'active'
  )
