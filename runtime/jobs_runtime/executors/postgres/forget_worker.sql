-- Ends an incarnation whose claims are settled, and the leases that were good for nothing any more.
-- A claim that was still on its way when the others were settled stays on record.
-- Index: worker_pkey, claim_pkey, job_pkey, pgboss_lease_pkey.
WITH ended AS (
    DELETE FROM jobs.worker WHERE incarnation = %(incarnation)s RETURNING incarnation
), settled AS (
    DELETE FROM jobs.claim
    WHERE incarnation = %(incarnation)s
      AND NOT EXISTS (
          SELECT
          FROM (SELECT number, ids FROM jobs.claim WHERE incarnation = %(incarnation)s
                ORDER BY number DESC LIMIT 1) AS last
          JOIN jobs.job ON id = ANY (ids)
          WHERE last.number = claim.number AND (claimed_by = %(incarnation)s) IS TRUE
      )
), given_up AS (
    DELETE FROM jobs.pgboss_lease WHERE claimed_by = %(incarnation)s
)
SELECT count(*) FROM ended
