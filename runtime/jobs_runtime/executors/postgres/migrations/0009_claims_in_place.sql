-- A claim changes no column of an index, so that its row stays where it is (a HOT update).
-- Workers of older code would take what others perform: they are unregistered and cannot register.
-- Their supervisors go on once they run code that knows this step; submitting needs nothing.

CREATE TABLE jobs.claim (
    incarnation bigint NOT NULL,
    number      bigint GENERATED ALWAYS AS IDENTITY,
    claimed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    ids         bigint[] NOT NULL,
    PRIMARY KEY (incarnation, number)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 1, autovacuum_vacuum_cost_delay = 0);

COMMENT ON TABLE jobs.claim IS
    'what incarnations took; the jobs that one holds are among those of its last claim';

DELETE FROM jobs.worker;
ALTER TABLE jobs.worker ADD COLUMN knows integer NOT NULL CHECK (knows >= 9);
COMMENT ON COLUMN jobs.worker.knows IS 'the newest migration that its code knows';

INSERT INTO jobs.claim (incarnation, claimed_at, ids)
SELECT claimed_by, max(claimed_at), array_agg(id)
FROM jobs.job
WHERE claimed_by IS NOT NULL
GROUP BY claimed_by;

DROP INDEX jobs.job_ready, jobs.job_due, jobs.job_held, jobs.job_kept, jobs.job_singleton_queue,
    jobs.job_limited, jobs.job_running;

ALTER TABLE jobs.job SET (fillfactor = 50);
ALTER TABLE jobs.job ADD COLUMN running boolean NOT NULL DEFAULT false;

UPDATE jobs.job
SET ready = true, running = limit_key IS NOT NULL,
    singleton_key = CASE WHEN NOT singleton_queue THEN singleton_key END
WHERE claimed_by IS NOT NULL;

COMMENT ON COLUMN jobs.job.ready IS 'its time has come: it may be claimed unless it is already';
COMMENT ON COLUMN jobs.job.running IS 'claimed, and counted by the limits of its job';
COMMENT ON COLUMN jobs.job.singleton_key IS
    'null from the claim on where only what waits is limited; the options keep it';

CREATE INDEX job_ready ON jobs.job (queue, rank, id) WHERE ready;
CREATE INDEX job_due ON jobs.job (start_after) WHERE NOT ready;
CREATE INDEX job_kept ON jobs.job (keep_until) WHERE keep_until IS NOT NULL;
CREATE UNIQUE INDEX job_singleton_queue ON jobs.job (name, singleton_key)
    WHERE singleton_key IS NOT NULL AND singleton_queue;
CREATE INDEX job_limited ON jobs.job (queue, limit_key, rank, id)
    WHERE limit_key IS NOT NULL AND ready AND NOT running;
CREATE INDEX job_running ON jobs.job (queue, limit_key) WHERE running;
