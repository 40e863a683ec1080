-- The queues that subscribe to an event.
-- Index: subscription_pkey.
SELECT name FROM {schema}.subscription WHERE event = %(event)s ORDER BY name
