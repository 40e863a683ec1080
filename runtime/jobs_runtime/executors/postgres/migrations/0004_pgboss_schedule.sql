-- readable by: 1
-- What we know of the schedules that are kept in the tables of a pg-boss.

CREATE TABLE jobs.pgboss_schedule (
    tables    text NOT NULL,
    name      text NOT NULL,
    cron      text NOT NULL,
    time_zone text NOT NULL,
    missed    text,
    missed_limit integer NOT NULL DEFAULT 100,
    owner     text,
    last_tick timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tables, name)
);

COMMENT ON COLUMN jobs.pgboss_schedule.tables IS 'the schema that the schedule is in';
COMMENT ON COLUMN jobs.pgboss_schedule.owner IS
    'the application that wrote it, and removes it once it declares it no more; null for others';
COMMENT ON COLUMN jobs.pgboss_schedule.last_tick IS
    'ticks after this one are still to fire; a new schedule begins when it is first seen';
