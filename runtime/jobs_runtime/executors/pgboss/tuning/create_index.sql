-- The order of claims: a claim of one name reads as many entries as it takes jobs. With the moment at
-- the end, delayed jobs that come before are passed over within the index, not looked up in the table.
CREATE INDEX CONCURRENTLY jobs_runtime_claim
ON {schema}.job (name, priority DESC, createdon, id, startafter) WHERE state < 'active'
