-- readable by: 1
-- How often a job that is kept in the tables of a pg-boss has taken its worker down.

CREATE TABLE jobs.pgboss_death (
    job_id    uuid PRIMARY KEY,
    startedon timestamptz NOT NULL,
    deaths    integer NOT NULL DEFAULT 1
);

COMMENT ON TABLE jobs.pgboss_death IS
    'jobs of a pg-boss that took their workers down: those are no attempts that their rows count';
COMMENT ON COLUMN jobs.pgboss_death.startedon IS 'when the last attempt began that did so';
