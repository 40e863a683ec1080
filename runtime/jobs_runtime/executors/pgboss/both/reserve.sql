-- Takes ids for a bulk submit, and tells the time that its delays count from.
-- Index: none.
SELECT array_agg(gen_random_uuid()::text), now()
FROM (SELECT generate_series(1, %(count)s)) AS rows
