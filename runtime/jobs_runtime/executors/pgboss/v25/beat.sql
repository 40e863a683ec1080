-- Tells Node's monitor that jobs with a heartbeat are still worked on, at half of its length.
-- Index: pgboss_lease_pkey, job_common_pkey.
UPDATE {schema}.job SET heartbeat_on = now()
FROM jobs.pgboss_lease AS lease
WHERE claimed_by = ANY (%(incarnations)s::bigint[]) AND tables = '{schema}'
  AND job.name = lease.queue AND job.id = lease.job_id AND started_on = lease.startedon
  AND state = 'active' AND heartbeat_on < now() - heartbeat_seconds * interval '0.5 second'
