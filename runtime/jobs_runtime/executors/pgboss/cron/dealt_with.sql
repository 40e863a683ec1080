-- Index: pgboss_schedule_pkey.
UPDATE jobs.pgboss_schedule SET last_tick = greatest(last_tick, %(tick)s)
WHERE tables = '{schema}' AND name = %(name)s
