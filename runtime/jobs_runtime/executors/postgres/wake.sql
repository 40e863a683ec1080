-- Tells listening schedulers that jobs are ready in a queue, or that some may be due soon.
-- Index: none.
SELECT pg_notify('jobs', 'wake ' || %(count)s::text || ' ' || %(queue)s::text)
WHERE EXISTS (SELECT FROM jobs.supervisor WHERE idle)
UNION ALL
SELECT pg_notify('jobs', 'due') WHERE %(delayed)s
