-- Forgets ticks that no late leader can fire again, and slots that have ended.
-- Index: none, run once an hour.
WITH slots AS (
    DELETE FROM jobs.slot WHERE ends_at < now()
)
DELETE FROM jobs.tick WHERE tick < now() - %(days)s::int * interval '1 day'
