-- Active jobs past their time, in some pages of the table. Those that our workers hold are theirs to
-- end, or their supervisor's. Index: none, the pages; pgboss_lease_job.
SELECT id
FROM {schema}.job
WHERE ctid >= %(from)s::tid AND ctid < %(to)s::tid
  AND state = 'active' AND startedon + expirein < now()
  AND NOT EXISTS (
      SELECT
      FROM jobs.pgboss_lease AS lease
      WHERE lease.job_id = job.id AND lease.startedon = job.startedon
  )
FOR UPDATE SKIP LOCKED
