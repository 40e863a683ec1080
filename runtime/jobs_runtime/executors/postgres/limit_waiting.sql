-- Puts what was submitted without its job's limits under them: among the jobs claimed next, so that
-- a long queue costs no more. The workers that wait are told.
-- Index: job_ready, job_pkey.
WITH limited AS (
    UPDATE jobs.job
    SET limit_key = ''
    WHERE id = ANY (ARRAY(
        SELECT id
        FROM (
            SELECT id, limit_key
            FROM jobs.job
            WHERE queue = %(queue)s AND ready AND claimed_by IS NULL
            ORDER BY rank, id
            LIMIT %(limit)s
        ) AS front
        WHERE limit_key IS NULL
    ))
      AND claimed_by IS NULL AND limit_key IS NULL -- asked again of a row that had to be waited for
    RETURNING queue
)
SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || queue) FROM limited GROUP BY queue
