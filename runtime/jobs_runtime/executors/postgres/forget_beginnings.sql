-- Forgets attempts that no rate looks back at any more.
-- Index: none, run once an hour; the oldest rows lie first.
WITH gone AS (
    DELETE FROM jobs.beginning
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM jobs.beginning
        WHERE began_at < now() - %(seconds)s::float8 * interval '1 second'
        LIMIT %(limit)s
    ))
    RETURNING began_at
)
SELECT count(*) FROM gone
