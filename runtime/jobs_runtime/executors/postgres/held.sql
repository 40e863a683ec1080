-- What an incarnation holds: jobs of its last claim.
-- Index: claim_pkey, job_pkey.
SELECT id, name, rank, attempt, deaths, args::text, options::text, 0::float8
FROM jobs.job
WHERE id = ANY (ARRAY(
    SELECT unnest(ids)
    FROM (SELECT ids FROM jobs.claim WHERE incarnation = %(incarnation)s
          ORDER BY number DESC LIMIT 1) AS last
)) AND (claimed_by = %(incarnation)s) IS TRUE
