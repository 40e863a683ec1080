-- Gives jobs back unstarted: the attempt is refunded.
-- One that was limited to one in the queue gives that up if another took its place.
-- Index: job_pkey, job_singleton_queue, job_held.
WITH released AS (
    UPDATE jobs.job AS job
    SET state = CASE WHEN attempt > 1 THEN 'retry' ELSE 'created' END::jobs.job_state,
        ready = true, attempt = attempt - 1,
        singleton_key = CASE WHEN job.singleton_queue AND EXISTS (
                SELECT
                FROM jobs.job AS other
                WHERE other.name = job.name AND other.singleton_key = job.singleton_key
                  AND other.singleton_key IS NOT NULL AND other.singleton_queue
                  AND other.claimed_by IS NULL
            ) OR job.singleton_queue AND EXISTS (
                SELECT
                FROM jobs.job AS twin
                WHERE twin.claimed_by = %(incarnation)s AND twin.id < job.id
                  AND twin.name = job.name AND twin.singleton_key = job.singleton_key
            ) THEN NULL ELSE job.singleton_key END,
        claimed_by = NULL, claimed_at = NULL
    WHERE id = ANY (%(ids)s::bigint[]) AND (claimed_by = %(incarnation)s) IS TRUE
    RETURNING id, queue
), notified AS (
    SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || queue) FROM released GROUP BY queue
)
SELECT id, (SELECT count(*) FROM notified) FROM released
