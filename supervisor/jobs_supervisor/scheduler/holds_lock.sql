-- Whether this session holds the lock of what it leads.
-- Index: none, one row a lock.
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
      AND classid::bigint::bit(32) = hashtext('jobs-runtime')::bit(32)
      AND objid::bigint::bit(32) = hashtext(%(what)s)::bit(32))
