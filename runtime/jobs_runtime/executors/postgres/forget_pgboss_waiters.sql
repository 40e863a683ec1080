-- Forgets who waited for the result of a job of a pg-boss and was never heard of again.
-- Index: none, run once an hour; the oldest rows lie first.
WITH gone AS (
    DELETE FROM jobs.pgboss_waiter
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM jobs.pgboss_waiter WHERE asked_at < now() - interval '1 day' LIMIT %(limit)s
    ))
    RETURNING job_id
)
SELECT count(*) FROM gone
