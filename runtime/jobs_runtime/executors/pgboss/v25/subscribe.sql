-- Has a queue subscribe to an event, if there is this queue.
-- Index: queue_pkey, subscription_pkey.
INSERT INTO {schema}.subscription (event, name)
SELECT %(event)s, name FROM {schema}.queue WHERE name = %(name)s
ON CONFLICT (event, name) DO UPDATE SET updated_on = now()
RETURNING name
