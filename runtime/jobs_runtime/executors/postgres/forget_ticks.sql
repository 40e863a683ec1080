-- Forgets ticks that no late leader can fire again, slots that have ended, and lost watches.
-- Index: none, run once an hour.
WITH slots AS (
    DELETE FROM jobs.slot WHERE ends_at < now()
), waiters AS (
    DELETE FROM jobs.waiter WHERE asked_at < now() - interval '1 day'
)
DELETE FROM jobs.tick WHERE tick < now() - %(days)s::int * interval '1 day'
