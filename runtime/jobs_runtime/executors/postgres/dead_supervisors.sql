-- Gives up supervisors that have been silent for too long; the clock is the database's. When that
-- jumps ahead everybody seems silent: who judges must have been heard itself just now.
-- Index: none, the table has one row a supervisor.
DELETE FROM jobs.supervisor
WHERE beat_at < clock_timestamp() - %(stale_after)s::float8 * interval '1 second'
  AND EXISTS (
      SELECT
      FROM jobs.supervisor AS judge
      WHERE id = %(judge)s
        AND beat_at > clock_timestamp() - %(heard_within)s::float8 * interval '1 second'
  )
RETURNING id
