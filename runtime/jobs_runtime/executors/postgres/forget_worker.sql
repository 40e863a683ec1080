-- Ends an incarnation whose claims are settled.
-- Index: worker_pkey.
WITH ended AS (
    DELETE FROM jobs.worker WHERE incarnation = %(incarnation)s RETURNING incarnation
)
SELECT count(*) FROM ended
