-- readable by: 1
-- Of several supervisors that declare a schedule, the one with the newest code says what it is.

ALTER TABLE jobs.supervisor
    ADD COLUMN generation integer NOT NULL DEFAULT 0,
    ADD COLUMN declared_at timestamptz NOT NULL DEFAULT now();

COMMENT ON COLUMN jobs.supervisor.generation IS 'how often it has reloaded its code';
COMMENT ON COLUMN jobs.supervisor.declared_at IS 'since when it has run the code that it runs';
