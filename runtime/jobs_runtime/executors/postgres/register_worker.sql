-- Begins an incarnation, of code that claims as the ninth migration has it.
-- Index: none read.
INSERT INTO jobs.worker (supervisor_id, slot, pid, knows)
VALUES (%(supervisor_id)s, %(slot)s, %(pid)s, 9)
RETURNING incarnation
