-- Every column of every table of a schema. By pg_namespace_nspname_index and pg_attribute's key.
SELECT relname::text, attname::text
FROM pg_namespace
JOIN pg_class ON relnamespace = pg_namespace.oid AND relkind IN ('r', 'p')
JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
WHERE nspname = %(schema)s
