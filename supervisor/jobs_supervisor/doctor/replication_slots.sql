-- Replication slots: whether somebody reads them, transactions since the oldest whose rows they hold
-- back, and bytes of the log that they keep. A logical slot holds back rows of the catalogs only.
-- Index: none, one row a slot.
SELECT slot_name::text, active, coalesce(age(xmin), 0),
       coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
FROM pg_replication_slots
ORDER BY slot_name
