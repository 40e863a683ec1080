-- Ends a subscription.
-- Index: subscription_pkey.
DELETE FROM {schema}.subscription WHERE event = %(event)s AND name = %(name)s RETURNING name
