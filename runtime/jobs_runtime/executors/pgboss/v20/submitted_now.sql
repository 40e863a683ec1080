-- For a sandbox, in whose one transaction no time passes: what was submitted in it.
-- Index: none, the tables of tests are small.
SELECT id::text FROM {schema}.job WHERE createdon = now() ORDER BY cmin::text::bigint, ctid
