-- Forgets ticks that no late leader can fire again, the earliest of each schedule first.
-- Index: tick_pkey.
WITH RECURSIVE known (schedule) AS (
    (SELECT schedule FROM jobs.tick ORDER BY schedule LIMIT 1)
    UNION ALL
    SELECT (SELECT tick.schedule
            FROM jobs.tick
            WHERE tick.schedule > known.schedule
            ORDER BY tick.schedule
            LIMIT 1)
    FROM known
    WHERE known.schedule IS NOT NULL
), old AS (
    SELECT earliest.schedule, earliest.tick
    FROM known CROSS JOIN LATERAL (
        SELECT tick.schedule, tick.tick
        FROM jobs.tick
        WHERE tick.schedule = known.schedule
          AND tick.tick < now() - %(days)s::int * interval '1 day'
        ORDER BY tick.tick
        LIMIT %(limit)s
    ) AS earliest
    LIMIT %(limit)s
), gone AS (
    DELETE FROM jobs.tick
    USING old
    WHERE tick.schedule = old.schedule AND tick.tick = old.tick
    RETURNING tick.tick
)
SELECT count(*) FROM gone
