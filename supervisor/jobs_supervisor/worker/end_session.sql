-- Ends a session of this role and name, and waits until it has ended: false if it has not in time.
-- Index: none, one row a session.
SELECT coalesce(bool_and(pg_terminate_backend(pid, %(milliseconds)s)), true)
FROM pg_stat_activity
WHERE pid = %(pid)s AND pid <> pg_backend_pid() AND usename = current_user
  AND application_name = current_setting('application_name')
