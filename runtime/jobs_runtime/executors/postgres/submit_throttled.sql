-- Adds a row if its time slot is free (or the next one, then not before that begins); else gives
-- the job that holds the slot. Slots are aligned to the epoch, as in pg-boss.
-- No row back: the holder came or went meanwhile, so try again.
-- Index: slot_pkey.
WITH clock AS MATERIALIZED (
    SELECT to_timestamp(floor(extract(epoch FROM clock_timestamp()) / %(slot_seconds)s::float8)
                        * %(slot_seconds)s::float8) AS slot,
           %(slot_seconds)s::float8 * interval '1 second' AS width
), this AS (
    INSERT INTO jobs.slot (name, key, starts_at, ends_at, job_id)
    SELECT %(name)s, %(slot_key)s, slot, slot + width, nextval('jobs.job_id_seq') FROM clock
    ON CONFLICT DO NOTHING
    RETURNING job_id, NULL::timestamptz AS begins_at
), next AS (
    INSERT INTO jobs.slot (name, key, starts_at, ends_at, job_id)
    SELECT %(name)s, %(slot_key)s, slot + width, slot + 2 * width, nextval('jobs.job_id_seq')
    FROM clock
    WHERE %(next_slot)s::boolean AND NOT EXISTS (SELECT FROM this)
    ON CONFLICT DO NOTHING
    RETURNING job_id, starts_at AS begins_at
), submitted AS (
    INSERT INTO jobs.job (id, queue, name, rank, args, options, start_after, ready, keep_until,
                          limit_key)
    SELECT job_id, %(queue)s, %(name)s, %(rank)s, %(args)s::json, %(options)s::json,
           moment.start_after, coalesce(moment.start_after <= now(), true),
           coalesce(moment.start_after, now()) + %(keep_for)s::float8 * interval '1 second',
           %(limit_key)s
    FROM (SELECT * FROM this UNION ALL SELECT * FROM next) AS taken
    CROSS JOIN LATERAL (
        SELECT greatest(begins_at, %(at)s::timestamptz,
                        now() + %(delay)s::float8 * interval '1 second')
    ) AS moment (start_after)
    RETURNING id, queue, ready, start_after
), holder AS (
    SELECT job_id
    FROM jobs.slot, clock
    WHERE name = %(name)s AND key = %(slot_key)s
      AND starts_at = CASE WHEN %(next_slot)s::boolean THEN slot + width ELSE slot END
)
SELECT id, false AS duplicate,
       CASE
           WHEN ready AND EXISTS (SELECT FROM jobs.supervisor WHERE idle)
               THEN pg_notify('jobs', 'wake 1 ' || queue)
           WHEN NOT ready AND start_after < now() + interval '2 seconds'
               THEN pg_notify('jobs', 'due')
       END
FROM submitted
UNION ALL
SELECT job_id, true, NULL FROM holder WHERE NOT EXISTS (SELECT FROM submitted)
