-- Incarnations that belong to no living supervisor, or that hold jobs without being registered.
-- Index: none, a few rows an incarnation.
SELECT incarnation
FROM jobs.worker
WHERE NOT EXISTS (SELECT FROM jobs.supervisor WHERE supervisor.id = worker.supervisor_id)
  AND started_at < clock_timestamp() - %(stale_after)s::float8 * interval '1 second'
UNION
SELECT incarnation
FROM jobs.claim
WHERE claimed_at < clock_timestamp() - %(stale_after)s::float8 * interval '1 second'
  AND NOT EXISTS (SELECT FROM jobs.worker WHERE worker.incarnation = claim.incarnation)
UNION
SELECT claimed_by
FROM jobs.pgboss_lease
WHERE startedon < clock_timestamp() - %(stale_after)s::float8 * interval '1 second'
  AND NOT EXISTS (SELECT FROM jobs.worker WHERE incarnation = claimed_by)
