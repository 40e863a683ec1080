-- readable by: 1
-- Limits over all hosts, pauses, and schedules made at run time.

ALTER TABLE jobs.job ADD COLUMN limit_key text;

COMMENT ON COLUMN jobs.job.limit_key IS
    'what shares the limits of its job with it, empty for all; null for no limits';

CREATE INDEX job_limited ON jobs.job (queue, limit_key, rank, id)
    WHERE limit_key IS NOT NULL AND ready;
CREATE INDEX job_running ON jobs.job (queue, limit_key)
    WHERE limit_key IS NOT NULL AND claimed_by IS NOT NULL;

CREATE TABLE jobs.beginning (
    queue     text NOT NULL,
    limit_key text NOT NULL,
    began_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE jobs.beginning IS 'attempts of jobs with a rate, for as long as a rate looks back';

CREATE INDEX beginning_began ON jobs.beginning (queue, limit_key, began_at);

CREATE TABLE jobs.pause (
    kind      text NOT NULL CHECK (kind IN ('queue', 'job')),
    name      text NOT NULL,
    paused_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, name)
);

COMMENT ON TABLE jobs.pause IS 'queues and jobs of which nothing is claimed';

ALTER TABLE jobs.schedule
    ADD COLUMN declared boolean NOT NULL DEFAULT true,
    ADD COLUMN paused_at timestamptz;

COMMENT ON COLUMN jobs.schedule.declared IS
    'in code, and so fired only while some living supervisor declares it; else made at run time';
