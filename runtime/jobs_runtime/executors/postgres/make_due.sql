-- Lets jobs whose time has come be claimed, the earliest first.
-- Index: job_due, job_pkey.
WITH made AS (
    UPDATE jobs.job SET ready = true
    WHERE id = ANY (ARRAY(
        SELECT id
        FROM jobs.job
        WHERE NOT ready AND start_after <= now()
        ORDER BY start_after
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING queue
), notified AS (
    SELECT count(*) AS jobs, pg_notify('jobs', 'wake ' || count(*) || ' ' || queue)
    FROM made
    GROUP BY queue
)
SELECT coalesce(sum(jobs), 0)::bigint FROM notified
