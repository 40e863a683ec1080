-- Has the end of a job notified on the channel jobs_finished.
-- Index: none.
INSERT INTO jobs.pgboss_waiter (job_id) VALUES (%(id)s)
