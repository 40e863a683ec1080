-- The schemas of pg-boss in which an incarnation holds jobs, without those that were dropped.
-- Index: pgboss_lease_pkey.
SELECT DISTINCT tables
FROM jobs.pgboss_lease
WHERE claimed_by = %(incarnation)s AND to_regclass(tables || '.job') IS NOT NULL
