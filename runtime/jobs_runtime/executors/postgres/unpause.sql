-- Ends a pause, and wakes whoever may claim again.
-- Index: pause_pkey.
WITH ended AS (
    DELETE FROM jobs.pause WHERE kind = %(kind)s AND name = %(name)s RETURNING name
)
SELECT pg_notify('jobs', 'wake 1000 ' || coalesce(%(queue)s::text, name)) FROM ended
