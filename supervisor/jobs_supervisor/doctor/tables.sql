-- Our tables: rows dead and alive as far as Postgres knows, seconds since they were vacuumed (or
-- made), and whether autovacuum sees to them. Left out are the days of the history: they are dropped
-- whole.
-- Index: none, one row a table.
SELECT pg_class.relname::text, coalesce(n_dead_tup, 0), coalesce(n_live_tup, 0),
       extract(epoch FROM clock_timestamp()
               - greatest(last_vacuum, last_autovacuum, migrated_at))::float8,
       current_setting('autovacuum')::boolean AND coalesce(
           (SELECT option_value::boolean FROM pg_options_to_table(reloptions)
            WHERE option_name = 'autovacuum_enabled'), true)
FROM pg_class
     LEFT JOIN pg_stat_all_tables AS stat ON stat.relid = pg_class.oid
     CROSS JOIN (SELECT max(applied_at) AS migrated_at FROM jobs.migration) AS migration
WHERE relnamespace = 'jobs'::regnamespace AND relkind = 'r'
  AND (NOT relispartition OR pg_class.relname = 'finished_default')
ORDER BY 2 DESC, 1
