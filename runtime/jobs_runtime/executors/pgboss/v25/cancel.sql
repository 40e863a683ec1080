-- Cancels a job as Node does, and has the worker told that performs it.
-- Index: queue_pkey, job_common_pkey, pgboss_lease_job, pgboss_waiter_job.
WITH place AS (
    SELECT name
    FROM {schema}.queue
    WHERE EXISTS (
        SELECT FROM {schema}.job WHERE job.name = queue.name AND id = %(id)s
        OFFSET 0 -- one look-up for each queue: ids alone have no index
    )
), found AS (
    SELECT job.name, id, state
    FROM place
    JOIN {schema}.job ON job.name = place.name AND id = %(id)s
    WHERE state < 'completed'
    FOR UPDATE OF job
), gone AS (
    UPDATE {schema}.job SET state = 'cancelled', completed_on = now()
    FROM found
    WHERE job.name = found.name AND job.id = found.id
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
