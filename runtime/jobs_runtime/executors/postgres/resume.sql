-- Puts a cancelled job back into its queue, unless its cancelled attempt may still be running.
-- Index: finished_id, worker_pkey.
WITH back AS (
    DELETE FROM jobs.finished
    WHERE id = %(id)s
      AND state = 'cancelled'
      AND NOT EXISTS (SELECT FROM jobs.worker WHERE incarnation = running_on)
    RETURNING *
), submitted AS (
    INSERT INTO jobs.job (id, created_at, start_after, rank, attempt, deaths, ready, state, queue,
                          name, args, options, output)
    SELECT id, created_at, start_after, rank, attempt, deaths, coalesce(start_after <= now(), true),
           CASE WHEN attempt > 0 THEN 'retry' ELSE 'created' END::jobs.job_state, queue, name,
           args, options, output
    FROM back
    RETURNING queue, ready
)
SELECT CASE WHEN ready THEN pg_notify('jobs', 'wake 1 ' || queue)
            ELSE pg_notify('jobs', 'due') END
FROM submitted
