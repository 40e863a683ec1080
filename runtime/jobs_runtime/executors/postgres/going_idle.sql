-- Lets submits know that a worker here is about to wait; a write only when nobody waited before,
-- and a row back only then.
-- Index: supervisor_pkey.
UPDATE jobs.supervisor SET idle = true WHERE id = %(supervisor_id)s AND NOT idle
RETURNING true
