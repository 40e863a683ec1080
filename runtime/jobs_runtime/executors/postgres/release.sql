-- Gives jobs back unstarted: the attempt is refunded.
-- Index: job_pkey.
WITH released AS (
    UPDATE jobs.job
    SET state = CASE WHEN attempt > 1 THEN 'retry' ELSE 'created' END::jobs.job_state,
        ready = true, attempt = attempt - 1, claimed_by = NULL, claimed_at = NULL
    WHERE id = ANY (%(ids)s::bigint[]) AND (claimed_by = %(incarnation)s) IS TRUE
    RETURNING id, queue
), notified AS (
    SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || queue) FROM released GROUP BY queue
)
SELECT id, (SELECT count(*) FROM notified) FROM released
