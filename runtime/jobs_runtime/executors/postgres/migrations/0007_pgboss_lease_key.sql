-- readable by: 1
-- One index of leases finds what an incarnation holds and each of it.

ALTER TABLE jobs.pgboss_lease DROP CONSTRAINT pgboss_lease_pkey, ADD PRIMARY KEY (claimed_by, id);

DROP INDEX jobs.pgboss_lease_held;
