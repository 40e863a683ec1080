-- Has nothing more claimed of a queue or a job, from the next claim on.
-- Index: pause_pkey.
INSERT INTO jobs.pause (kind, name) VALUES (%(kind)s, %(name)s) ON CONFLICT (kind, name) DO NOTHING
