-- Begins an incarnation.
-- Index: none read.
INSERT INTO jobs.worker (supervisor_id, slot, pid)
VALUES (%(supervisor_id)s, %(slot)s, %(pid)s)
RETURNING incarnation
