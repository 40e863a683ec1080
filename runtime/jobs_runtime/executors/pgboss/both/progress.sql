-- Keeps how far an attempt has come, as long as it is under way.
-- Index: pgboss_lease_pkey.
UPDATE jobs.pgboss_lease SET progress = %(progress)s::json
WHERE id = %(id)s AND claimed_by = %(incarnation)s
