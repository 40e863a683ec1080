-- Forgets which jobs of a pg-boss took their workers down, when those have long been archived.
-- Index: none, run once an hour; a row for each such job.
WITH gone AS (
    DELETE FROM jobs.pgboss_death
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM jobs.pgboss_death WHERE startedon < now() - interval '30 days' LIMIT %(limit)s
    ))
    RETURNING job_id
)
SELECT count(*) FROM gone
