-- Forgets ticks that no late leader can fire again.
-- Index: none, run once an hour.
DELETE FROM jobs.tick WHERE tick < now() - %(days)s::int * interval '1 day'
