-- The jobs that supervisors perform at present.
-- Index: none, one row a supervisor.
SELECT DISTINCT unnest(names) FROM jobs.supervisor
