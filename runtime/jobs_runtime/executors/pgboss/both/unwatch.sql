-- Ends one watch of a job; of several that end together, each ends another.
-- Index: pgboss_waiter_job.
DELETE FROM jobs.pgboss_waiter
WHERE ctid = (SELECT ctid FROM jobs.pgboss_waiter WHERE job_id = %(id)s LIMIT 1
              FOR UPDATE SKIP LOCKED)
