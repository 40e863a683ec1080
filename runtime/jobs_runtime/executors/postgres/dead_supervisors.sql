-- Gives up supervisors that have been silent for too long; the clock is the database's.
-- Index: none, the table has one row a supervisor.
DELETE FROM jobs.supervisor
WHERE beat_at < clock_timestamp() - %(stale_after)s::float8 * interval '1 second'
RETURNING id
