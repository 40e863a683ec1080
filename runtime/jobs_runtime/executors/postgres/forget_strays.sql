-- Deletes old jobs of days that had no partition, which went to the default one.
-- Index: none, run once an hour; the table is all but empty as long as partitions are made in time.
WITH gone AS (
    DELETE FROM jobs.finished_default
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM jobs.finished_default
        WHERE keep_until IS NULL AND finished_at < now() - %(days)s::int * interval '1 day'
        LIMIT %(limit)s
    ))
    RETURNING id
)
SELECT count(*) FROM gone
