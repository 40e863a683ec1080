-- The lock under which every pg-boss makes, changes and maintains its tables; held to the end of
-- the transaction.
SELECT pg_advisory_xact_lock(('x' || md5(current_database() || '.pgboss.{schema}'))::bit(64)::bigint)
