-- Lets submits know that a worker here is about to wait; a write only when nobody waited before.
-- Index: supervisor_pkey.
UPDATE jobs.supervisor SET idle = true WHERE id = %(supervisor_id)s AND NOT idle
