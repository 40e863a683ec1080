-- Cancels a job as Node does, and has the worker told that performs it.
-- Index: job_pkey, pgboss_lease_job, pgboss_waiter_job.
WITH found AS (
    SELECT id, state FROM {schema}.job WHERE id = %(id)s AND state < 'completed' FOR UPDATE
), gone AS (
    UPDATE {schema}.job SET state = 'cancelled', completedon = now()
    FROM found
    WHERE job.id = found.id
    RETURNING job.id, found.state AS was
), told AS (
    SELECT pg_notify('jobs', 'cancel ' || lease.id || ' ' || claimed_by)
    FROM jobs.pgboss_lease AS lease
    JOIN gone ON lease.job_id = gone.id
    UNION ALL
    SELECT pg_notify('jobs_finished', job_id::text)
    FROM jobs.pgboss_waiter
    WHERE job_id IN (SELECT id FROM gone)
)
SELECT was = 'active', (SELECT count(*) FROM told) FROM gone
