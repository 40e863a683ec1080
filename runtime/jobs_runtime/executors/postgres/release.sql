-- Gives jobs back unstarted: the attempt is refunded.
-- One that was limited to one in the queue is so again, unless another took its place.
-- Index: job_pkey, job_singleton_queue.
WITH released AS (
    UPDATE jobs.job AS job
    SET state = CASE WHEN attempt > 1 THEN 'retry' ELSE 'created' END::jobs.job_state,
        attempt = attempt - 1, running = false, claimed_by = NULL, claimed_at = NULL,
        singleton_key = CASE
            WHEN NOT job.singleton_queue OR attempt > 1 THEN job.singleton_key
            WHEN EXISTS (
                SELECT
                FROM jobs.job AS other
                WHERE other.name = job.name
                  AND other.singleton_key = job.options ->> 'singleton_key'
                  AND other.singleton_key IS NOT NULL AND other.singleton_queue
            ) OR EXISTS (
                SELECT
                FROM jobs.job AS twin
                WHERE twin.id = ANY (%(ids)s::bigint[]) AND twin.id < job.id
                  AND (twin.claimed_by = %(incarnation)s) IS TRUE
                  AND twin.name = job.name AND twin.singleton_queue
                  AND twin.options ->> 'singleton_key' = job.options ->> 'singleton_key'
            ) THEN NULL
            ELSE job.options ->> 'singleton_key'
        END
    WHERE id = ANY (%(ids)s::bigint[]) AND (claimed_by = %(incarnation)s) IS TRUE
    RETURNING id, queue
), notified AS (
    SELECT pg_notify('jobs', 'wake ' || count(*) || ' ' || queue) FROM released GROUP BY queue
)
SELECT id, (SELECT count(*) FROM notified) FROM released
