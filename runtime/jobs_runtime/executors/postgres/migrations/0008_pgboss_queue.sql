-- readable by: 1
-- Jobs of pg-boss 11 and 12 are found by their queue and id.

ALTER TABLE jobs.pgboss_lease ADD COLUMN queue text;

COMMENT ON COLUMN jobs.pgboss_lease.queue IS
    'the name of the job; null where its id alone is its key, before pg-boss 11';
