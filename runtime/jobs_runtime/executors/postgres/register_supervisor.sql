-- Announces a supervisor, what it performs and what it schedules.
-- Index: supervisor_pkey.
INSERT INTO jobs.supervisor (id, host, place, pid, workers, names, schedules)
VALUES (%(id)s, %(host)s, %(place)s, %(pid)s, %(workers)s, %(names)s, %(schedules)s)
ON CONFLICT (id) DO UPDATE
SET beat_at = now(), names = excluded.names, schedules = excluded.schedules, idle = true
RETURNING clock_timestamp()
