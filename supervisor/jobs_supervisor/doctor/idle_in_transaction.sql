-- Sessions that have left a transaction open and said nothing for more than so many seconds.
-- Index: none, one row a session.
SELECT pid, usename::text, application_name, NULL,
       extract(epoch FROM clock_timestamp() - state_change)::float8
FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%%'
  AND state_change < clock_timestamp() - %(seconds)s::float8 * interval '1 second'
ORDER BY state_change
LIMIT 5
