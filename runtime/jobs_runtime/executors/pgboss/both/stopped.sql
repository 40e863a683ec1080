-- Ends the leases of attempts that were cancelled, so that they may be resumed.
-- Index: pgboss_lease_pkey.
DELETE FROM jobs.pgboss_lease WHERE id = ANY (%(ids)s::bigint[]) AND claimed_by = %(incarnation)s
