-- Takes the next ready jobs of one queue, beginning after a scan position.
-- An incarnation that is no longer registered (its host was given up for dead) takes nothing.
-- Index: job_ready.
WITH picked AS (
    SELECT id
    FROM jobs.job
    WHERE queue = %(queue)s
      AND ready
      AND (rank, id) > (%(after_rank)s::integer, %(after_id)s::bigint)
      AND name = ANY (%(names)s::text[])
      AND EXISTS (SELECT FROM jobs.worker WHERE incarnation = %(incarnation)s)
    ORDER BY rank, id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE jobs.job AS job
SET state = 'active', ready = false, attempt = attempt + 1,
    claimed_by = %(incarnation)s, claimed_at = clock_timestamp()
FROM picked
WHERE job.id = picked.id
RETURNING job.id, job.name, job.rank, job.attempt, job.deaths, job.args::text, job.options::text,
          extract(epoch FROM clock_timestamp() - greatest(job.created_at, job.start_after))::float8
