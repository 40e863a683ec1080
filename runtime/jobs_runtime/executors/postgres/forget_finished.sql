-- Deletes finished jobs that were to be kept no longer than this, the earliest first.
-- Index: finished_kept, finished_id.
WITH gone AS (
    DELETE FROM jobs.finished
    WHERE id = ANY (ARRAY(
        SELECT id
        FROM jobs.finished
        WHERE keep_until IS NOT NULL AND keep_until <= now()
        ORDER BY keep_until
        LIMIT %(limit)s
    ))
    RETURNING id
)
SELECT count(*) FROM gone
