-- pg-boss's own lock, held to the end of the transaction; false if some pg-boss holds it.
SELECT pg_try_advisory_xact_lock(
    ('x' || md5(current_database() || '.pgboss.{schema}'))::bit(64)::bigint)
