-- Announces a supervisor, what it performs and what it schedules; gives since when it has run this
-- code. One that was given up for dead meanwhile brings that moment along.
-- Index: supervisor_pkey.
INSERT INTO jobs.supervisor (id, host, place, pid, workers, names, schedules, generation,
                             declared_at)
VALUES (%(id)s, %(host)s, %(place)s, %(pid)s, %(workers)s, %(names)s, %(schedules)s,
        %(generation)s, coalesce(%(declared_at)s::timestamptz, clock_timestamp()))
ON CONFLICT (id) DO UPDATE
SET beat_at = clock_timestamp(), names = excluded.names, schedules = excluded.schedules,
    idle = true, generation = excluded.generation,
    declared_at = CASE WHEN supervisor.generation = excluded.generation
                       THEN supervisor.declared_at ELSE excluded.declared_at END
RETURNING declared_at
