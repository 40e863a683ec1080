-- Passes over missed ticks that the schedule's policy does not make up for.
-- Index: schedule_pkey.
UPDATE jobs.schedule SET last_tick = greatest(last_tick, %(tick)s) WHERE key = %(key)s
