-- Says that a supervisor is alive, and with how many workers; gives the seconds since it said so
-- before, by the database's clock. No row back means that it was given up for dead.
-- Index: supervisor_pkey.
UPDATE jobs.supervisor
SET beat_at = clock_timestamp(), idle = %(idle)s, workers = %(workers)s
FROM (SELECT beat_at FROM jobs.supervisor WHERE id = %(id)s) AS before
WHERE id = %(id)s
RETURNING extract(epoch FROM supervisor.beat_at - before.beat_at)::float8
