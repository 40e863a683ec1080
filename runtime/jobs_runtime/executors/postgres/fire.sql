-- Submits the job of one tick; the tick's row makes a second leader's attempt do nothing.
-- A tick whose singleton key is held by another job is passed over.
-- ANY has each looked up: with `=`, a table that is taken to be empty would be read as a whole.
-- Index: tick_pkey, schedule_pkey; with overlap = 'skip' also job_pkey.
WITH schedule AS (
    SELECT * FROM jobs.schedule WHERE key = %(key)s
), taken AS (
    INSERT INTO jobs.tick (schedule, tick, job_id)
    SELECT key, %(tick)s, nextval('jobs.job_id_seq') FROM schedule
    ON CONFLICT DO NOTHING
    RETURNING tick, job_id
), submitted AS (
    INSERT INTO jobs.job (id, queue, name, rank, keep_until, args, options, limit_key,
                          singleton_key, singleton_queue)
    SELECT taken.job_id, queue, name, rank,
           now() + (options ->> 'keep_for')::float8 * interval '1 second',
           args, (coalesce(options::jsonb, '{}') || jsonb_build_object('tick', tick))::json,
           options ->> 'limit_key', options ->> 'singleton_key',
           coalesce((options ->> 'singleton_queue')::boolean, false)
    FROM taken, schedule
    WHERE schedule.overlap = 'allow' OR NOT EXISTS (
        SELECT
        FROM jobs.tick AS earlier
        JOIN jobs.job ON job.id = ANY (ARRAY[earlier.job_id])
        WHERE earlier.schedule = schedule.key
          AND earlier.tick >= coalesce(schedule.submitted_tick, '-infinity')
        OFFSET 0)  -- or the planner may collect the ticks of every schedule
    ON CONFLICT DO NOTHING
    RETURNING id, queue
), advanced AS (
    UPDATE jobs.schedule
    SET last_tick = greatest(last_tick, %(tick)s),
        submitted_tick = CASE WHEN overlap = 'skip' AND EXISTS (SELECT FROM submitted)
                              THEN %(tick)s ELSE submitted_tick END
    WHERE key = %(key)s
)
SELECT id::text, pg_notify('jobs', 'wake 1 ' || queue) FROM submitted
