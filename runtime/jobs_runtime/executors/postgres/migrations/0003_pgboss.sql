-- readable by: 1
-- What this executor's workers hold of the jobs that are kept in the tables of a pg-boss.

CREATE SEQUENCE jobs.pgboss_lease_id AS bigint INCREMENT -1 MINVALUE -9223372036854775807 START -1;

CREATE TABLE jobs.pgboss_lease (
    id         bigint PRIMARY KEY DEFAULT nextval('jobs.pgboss_lease_id'),
    tables     text NOT NULL,
    job_id     uuid NOT NULL,
    startedon  timestamptz NOT NULL,
    claimed_by bigint NOT NULL,
    retried    boolean NOT NULL,
    startedon_before timestamptz,
    progress   json
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 1, autovacuum_vacuum_cost_delay = 0);

COMMENT ON TABLE jobs.pgboss_lease IS
    'jobs of a pg-boss that one of our workers performs: its own table is left as Node knows it';
COMMENT ON COLUMN jobs.pgboss_lease.id IS
    'what a worker calls the job; negative, so that it is no job of jobs.job';
COMMENT ON COLUMN jobs.pgboss_lease.tables IS 'the schema that the job is in';
COMMENT ON COLUMN jobs.pgboss_lease.startedon IS
    'as in the job: an outcome is stored only if the job is still active since then';
COMMENT ON COLUMN jobs.pgboss_lease.retried IS 'its state was `retry`, else `created`';

CREATE INDEX pgboss_lease_held ON jobs.pgboss_lease (claimed_by);
CREATE INDEX pgboss_lease_job ON jobs.pgboss_lease (job_id);

CREATE UNLOGGED TABLE jobs.pgboss_waiter (
    job_id   uuid NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE jobs.pgboss_waiter IS
    'jobs whose end somebody waits for, to be notified on jobs_finished';

CREATE INDEX pgboss_waiter_job ON jobs.pgboss_waiter (job_id);
