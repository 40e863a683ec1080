-- Takes ids for a bulk submit.
-- Index: none.
SELECT gen_random_uuid()::text FROM generate_series(1, %(count)s)
