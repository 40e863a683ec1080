-- Our indexes that no statement uses, because they were not built to the end.
-- Index: none, one row an index.
SELECT relname::text
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = 'jobs'::regnamespace AND NOT (indisvalid AND indisready)
ORDER BY 1
