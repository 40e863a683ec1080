-- Ends one watch of a job; of several that end together, each ends another.
-- Index: waiter_job.
DELETE FROM jobs.waiter
WHERE ctid = (SELECT ctid FROM jobs.waiter WHERE job_id = %(id)s LIMIT 1 FOR UPDATE SKIP LOCKED)
