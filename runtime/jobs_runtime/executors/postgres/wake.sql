-- Tells listening schedulers that jobs are ready in a queue.
-- Index: none.
SELECT pg_notify('jobs', 'wake ' || %(count)s::text || ' ' || %(queue)s::text)
WHERE EXISTS (SELECT FROM jobs.supervisor WHERE idle)
