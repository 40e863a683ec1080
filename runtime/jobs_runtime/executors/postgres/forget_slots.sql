-- Forgets time slots that have ended.
-- Index: none, run once an hour; the oldest rows lie first.
WITH gone AS (
    DELETE FROM jobs.slot
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM jobs.slot WHERE ends_at < now() LIMIT %(limit)s))
    RETURNING job_id
)
SELECT count(*) FROM gone
