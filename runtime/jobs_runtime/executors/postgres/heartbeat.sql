-- Says that a supervisor is alive; no row back means that it was given up for dead.
-- Index: supervisor_pkey.
UPDATE jobs.supervisor
SET beat_at = clock_timestamp(), idle = %(idle)s
WHERE id = %(id)s
RETURNING clock_timestamp()
