-- Deletes finished jobs that were to be kept no longer than this, the earliest first.
-- Index: finished_kept, finished_id.
WITH late AS (
    SELECT id
    FROM jobs.finished
    WHERE keep_until IS NOT NULL AND keep_until <= now()
    ORDER BY keep_until
    LIMIT %(limit)s
), gone AS (
    DELETE FROM jobs.finished AS finished
    USING late
    WHERE finished.id = late.id
    RETURNING finished.id
)
SELECT count(*) FROM gone
