-- Rows that vacuum has still to remove, by table, as far as Postgres knows.
-- Index: none, one row a table.
SELECT stat.relname::text, n_dead_tup
FROM pg_stat_user_tables AS stat JOIN pg_class ON pg_class.oid = relid
WHERE schemaname = 'jobs' AND NOT relispartition AND relkind = 'r'
