-- What the cluster as a whole is like: who lives, what holds back vacuum, how far ahead the
-- history's partitions reach. Sessions of other roles are seen with pg_read_all_stats only.
-- Index: none, one row a supervisor, session, slot and partition.
WITH holders AS (
    SELECT extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds,
           greatest(age(backend_xmin), age(backend_xid)) AS transactions
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type NOT IN ('autovacuum worker', 'walsender')
      AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    UNION ALL
    SELECT extract(epoch FROM clock_timestamp() - prepared)::float8, age(transaction)
    FROM pg_prepared_xacts
    WHERE database = current_database()
    UNION ALL
    SELECT NULL, age(backend_xmin) FROM pg_stat_replication
    UNION ALL
    SELECT NULL, age(xmin) FROM pg_replication_slots
), days AS (
    SELECT to_date(substring(relname FROM '^finished_(\d{8})$'), 'YYYYMMDD') AS day
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'jobs.finished'::regclass
)
SELECT (SELECT count(*) FROM jobs.supervisor),
       (SELECT coalesce(sum(workers), 0) FROM jobs.supervisor),
       (SELECT coalesce(max(seconds), 0) FROM holders),
       (SELECT coalesce(max(transactions), 0) FROM holders)::bigint,
       (SELECT count(day) FROM days),
       (SELECT coalesce(max(day) - (now() AT TIME ZONE 'UTC')::date, -1) FROM days)
