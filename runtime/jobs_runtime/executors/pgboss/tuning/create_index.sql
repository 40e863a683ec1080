-- The order of claims: a claim of one name reads as many entries as it takes jobs.
CREATE INDEX CONCURRENTLY jobs_runtime_claim ON {schema}.job (name, priority DESC, createdon, id)
WHERE state < 'active'
