-- The policies of queues.
-- Index: queue_pkey.
SELECT name, policy FROM {schema}.queue WHERE name = ANY (%(names)s::text[])
