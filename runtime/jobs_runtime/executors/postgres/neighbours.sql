-- The other supervisors of one place, with the processes and incarnations of their workers.
-- Index: worker_supervisor.
SELECT supervisor.id,
       array_append(array_agg(worker.pid) FILTER (WHERE worker.pid IS NOT NULL), supervisor.pid),
       coalesce(array_agg(incarnation) FILTER (WHERE incarnation IS NOT NULL), '{}')
FROM jobs.supervisor LEFT JOIN jobs.worker ON worker.supervisor_id = supervisor.id
WHERE place = %(place)s AND supervisor.id <> %(id)s
GROUP BY supervisor.id, supervisor.pid
