-- How many connections the server takes from ordinary roles, has, and has from our processes; and
-- whether this role sees what the sessions of others do, or of which kind they are.
-- Index: none, one row a session.
SELECT current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0),
       count(*),
       count(*) FILTER (WHERE application_name LIKE 'jobs: %%'),
       pg_has_role('pg_read_all_stats', 'USAGE')
FROM pg_stat_activity
WHERE backend_type = 'client backend' OR (backend_type IS NULL AND datid IS NOT NULL)
