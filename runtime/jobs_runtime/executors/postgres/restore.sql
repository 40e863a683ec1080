-- Puts a finished job back into its queue, unless its cancelled attempt may still be running or
-- another job has taken its singleton key meanwhile. It may wait for `keep_for` again.
-- The row is locked first: of two at once, one finds it gone.
-- Index: finished_id, worker_pkey.
WITH found AS (
    SELECT *
    FROM jobs.finished
    WHERE id = %(id)s
      AND state = ANY (%(states)s::jobs.job_state[])
      AND NOT EXISTS (SELECT FROM jobs.worker WHERE incarnation = running_on)
    FOR UPDATE OF finished
), submitted AS (
    INSERT INTO jobs.job (id, created_at, start_after, rank, attempt, deaths, ready, state, queue,
                          name, keep_until, limit_key, singleton_key, singleton_queue, args, options, output)
    SELECT id, created_at, start_after, rank,
           CASE WHEN %(afresh)s THEN 0 ELSE attempt END,
           CASE WHEN %(afresh)s THEN 0 ELSE deaths END,
           coalesce(start_after <= now(), true),
           CASE WHEN attempt > 0 THEN 'retry' ELSE 'created' END::jobs.job_state, queue, name,
           greatest(start_after, now())
               + (options ->> 'keep_for')::float8 * interval '1 second',
           options ->> 'limit_key',
           CASE WHEN options ->> 'singleton_seconds' IS NULL THEN options ->> 'singleton_key' END,
           coalesce((options ->> 'singleton_queue')::boolean, false), args, options, output
    FROM found
    ON CONFLICT DO NOTHING
    RETURNING id, queue, ready
), gone AS (
    DELETE FROM jobs.finished WHERE id = %(id)s AND EXISTS (SELECT FROM submitted)
)
SELECT CASE WHEN ready THEN pg_notify('jobs', 'wake 1 ' || queue)
            ELSE pg_notify('jobs', 'due') END
FROM submitted
