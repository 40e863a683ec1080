-- Takes the next ready jobs of one queue, beginning after a scan position.
-- An incarnation that is no longer registered (its host was given up for dead) takes nothing.
-- Nothing is taken of a queue or a job that is paused.
-- Index: job_ready; the rows found are then updated by their place, without another look-up.
UPDATE jobs.job
SET state = 'active', ready = false, attempt = attempt + 1,
    claimed_by = %(incarnation)s, claimed_at = clock_timestamp()
WHERE ctid = ANY (ARRAY(
    SELECT ctid
    FROM jobs.job
    WHERE queue = %(queue)s
      AND ready
      AND (rank, id) > (%(after_rank)s::integer, %(after_id)s::bigint)
      AND name = ANY (%(names)s::text[])
      AND EXISTS (SELECT FROM jobs.worker WHERE incarnation = %(incarnation)s)
      AND NOT EXISTS (SELECT FROM jobs.pause WHERE kind = 'queue' AND pause.name = %(queue)s)
      AND name <> ALL (ARRAY(SELECT pause.name FROM jobs.pause WHERE kind = 'job'))
    ORDER BY rank, id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
))
RETURNING id, name, rank, attempt, deaths, args::text, options::text,
          date_part('epoch', clock_timestamp() - greatest(created_at, start_after))
