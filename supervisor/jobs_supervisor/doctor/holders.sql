-- Transactions open or prepared for longer than so many seconds, the oldest first. Those of other
-- roles are seen with pg_read_all_stats only.
-- Index: none, one row a session and prepared transaction.
SELECT pid, usename::text, application_name, gid, seconds
FROM (
    SELECT pid, usename, application_name, NULL AS gid,
           extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type NOT IN ('autovacuum worker', 'walsender')
      AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    UNION ALL
    SELECT NULL, owner, '', gid, extract(epoch FROM clock_timestamp() - prepared)::float8
    FROM pg_prepared_xacts
    WHERE database = current_database()
) AS holder
WHERE seconds > %(seconds)s
ORDER BY seconds DESC
LIMIT 5
