-- Has a queue subscribe to an event.
-- Index: subscription_pkey.
INSERT INTO {schema}.subscription (event, name) VALUES (%(event)s, %(name)s)
ON CONFLICT (event, name) DO UPDATE SET updated_on = now()
