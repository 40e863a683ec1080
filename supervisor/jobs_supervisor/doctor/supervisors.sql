-- The supervisors, and for how long nothing was heard of each, on the database's clock.
-- Index: none, one row a supervisor.
SELECT id, host, workers, extract(epoch FROM clock_timestamp() - beat_at)::float8
FROM jobs.supervisor
ORDER BY host, id
