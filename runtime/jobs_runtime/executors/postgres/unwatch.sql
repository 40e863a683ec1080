-- Ends one watch of a job.
-- Index: waiter_job.
DELETE FROM jobs.waiter
WHERE ctid = (SELECT ctid FROM jobs.waiter WHERE job_id = %(id)s LIMIT 1)
