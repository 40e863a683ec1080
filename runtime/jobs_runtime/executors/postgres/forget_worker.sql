-- Ends an incarnation whose claims are settled, and the leases that were good for nothing any more.
-- Index: worker_pkey, pgboss_lease_pkey.
WITH ended AS (
    DELETE FROM jobs.worker WHERE incarnation = %(incarnation)s RETURNING incarnation
), given_up AS (
    DELETE FROM jobs.pgboss_lease WHERE claimed_by = %(incarnation)s
)
SELECT count(*) FROM ended
