DROP TRIGGER IF EXISTS jobs_runtime_wake ON {schema}.job
