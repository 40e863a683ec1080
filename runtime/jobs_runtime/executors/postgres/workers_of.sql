-- The incarnations registered for one supervisor.
-- Index: worker_supervisor.
SELECT incarnation, slot, pid FROM jobs.worker WHERE supervisor_id = %(supervisor_id)s
