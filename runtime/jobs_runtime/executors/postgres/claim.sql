-- Takes the next ready jobs of one queue, beginning after a scan position, and notes which.
-- An incarnation that is no longer registered (its host was given up for dead) takes nothing.
-- Nothing is taken of a queue or a job that is paused.
-- Index: job_ready; the rows found are then updated by their place, without another look-up.
WITH found AS MATERIALIZED (
    SELECT array_agg(ctid) AS places, array_agg(id) AS ids
    FROM (
        SELECT ctid, id
        FROM jobs.job
        WHERE queue = %(queue)s
          AND ready
          AND claimed_by IS NULL
          AND (rank, id) > (%(after_rank)s::integer, %(after_id)s::bigint)
          AND name = ANY (%(names)s::text[])
          AND EXISTS (SELECT FROM jobs.worker WHERE incarnation = %(incarnation)s)
          AND NOT EXISTS (SELECT FROM jobs.pause WHERE kind = 'queue' AND pause.name = %(queue)s)
          AND name <> ALL (ARRAY(SELECT pause.name FROM jobs.pause WHERE kind = 'job'))
        ORDER BY rank, id
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ) AS next
), noted AS (
    INSERT INTO jobs.claim (incarnation, ids)
    SELECT %(incarnation)s, ids FROM found WHERE ids IS NOT NULL
)
UPDATE jobs.job
SET state = 'active', attempt = attempt + 1, running = limit_key IS NOT NULL,
    singleton_key = CASE WHEN NOT singleton_queue THEN singleton_key END,
    claimed_by = %(incarnation)s, claimed_at = clock_timestamp()
WHERE ctid = ANY ((SELECT places FROM found)::tid[])
RETURNING id, name, rank, attempt, deaths, args::text, options::text,
          date_part('epoch', clock_timestamp() - greatest(created_at, start_after))
