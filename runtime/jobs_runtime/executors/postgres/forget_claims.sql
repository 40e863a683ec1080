-- Forgets claims that were followed by another one: what they took is settled.
-- Index: none, a few seconds' claims.
WITH gone AS (
    DELETE FROM jobs.claim
    WHERE EXISTS (
        SELECT
        FROM jobs.claim AS later
        WHERE later.incarnation = claim.incarnation AND later.number > claim.number
    )
    RETURNING number
)
SELECT count(*) FROM gone
