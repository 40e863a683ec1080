-- Also removes what an interrupted CREATE INDEX CONCURRENTLY left.
DROP INDEX CONCURRENTLY IF EXISTS {schema}.jobs_runtime_claim
