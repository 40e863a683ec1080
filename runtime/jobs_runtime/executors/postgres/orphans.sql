-- Incarnations that belong to no living supervisor, or that hold jobs without being registered.
-- Index: job_held.
SELECT incarnation
FROM jobs.worker
WHERE NOT EXISTS (SELECT FROM jobs.supervisor WHERE supervisor.id = worker.supervisor_id)
  AND started_at < clock_timestamp() - %(stale_after)s::float8 * interval '1 second'
UNION
SELECT claimed_by
FROM jobs.job
WHERE claimed_by IS NOT NULL
  AND claimed_at < clock_timestamp() - %(stale_after)s::float8 * interval '1 second'
  AND NOT EXISTS (SELECT FROM jobs.worker WHERE incarnation = claimed_by)
UNION
SELECT claimed_by
FROM jobs.pgboss_lease
WHERE startedon < clock_timestamp() - %(stale_after)s::float8 * interval '1 second'
  AND NOT EXISTS (SELECT FROM jobs.worker WHERE incarnation = claimed_by)
