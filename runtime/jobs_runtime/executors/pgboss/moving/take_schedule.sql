-- Takes one schedule out of the table for good. Index: schedule_pkey.
DELETE FROM {schema}.schedule
WHERE name = %(name)s
RETURNING cron, coalesce(timezone, 'UTC'), data, coalesce(options, '{}')
