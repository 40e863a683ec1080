-- The session that holds the leader's lock. Where it comes from and since when is seen with
-- pg_read_all_stats only.
-- Index: none, one row a lock.
SELECT pid, application_name, host(client_addr),
       extract(epoch FROM clock_timestamp() - backend_start)::float8
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint::bit(32) = hashtext('jobs-runtime')::bit(32)
  AND objid::bigint::bit(32) = hashtext('leader')::bit(32)
