-- Says that a supervisor is alive, and with how many workers; no row back means that it was given
-- up for dead.
-- Index: supervisor_pkey.
UPDATE jobs.supervisor
SET beat_at = clock_timestamp(), idle = %(idle)s, workers = %(workers)s
WHERE id = %(id)s
RETURNING clock_timestamp()
