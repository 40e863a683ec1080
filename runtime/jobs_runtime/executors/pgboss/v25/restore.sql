-- Puts a finished job back into its queue, unless its last attempt may still be running here or
-- another job has taken its time slot. It may wait anew as long as before.
-- Index: queue_pkey, job_common_pkey, pgboss_lease_job, pgboss_death_pkey, job_common_i4.
WITH place AS (
    SELECT name
    FROM {schema}.queue
    WHERE EXISTS (
        SELECT FROM {schema}.job WHERE job.name = queue.name AND id = %(id)s
        OFFSET 0 -- one look-up for each queue: ids alone have no index
    )
), back AS (
    UPDATE {schema}.job
    SET state = 'created', completed_on = NULL,
        retry_count = CASE WHEN %(afresh)s THEN 0 ELSE retry_count END,
        started_on = CASE WHEN NOT %(afresh)s THEN started_on END,
        upsert_by_key = NULL, -- if job.upsert_by_key
        start_after = greatest(start_after, now()),
        keep_until = greatest(start_after, now()) + (keep_until - start_after)
    FROM place
    WHERE job.name = place.name AND id = %(id)s AND state::text = ANY (%(states)s::text[])
      AND coalesce(policy, 'standard') = 'standard'
      AND NOT EXISTS (SELECT FROM jobs.pgboss_lease AS lease WHERE lease.job_id = job.id)
      AND NOT EXISTS (
          SELECT
          FROM {schema}.job AS other
          WHERE other.name = job.name AND other.id <> job.id
            AND other.singleton_on = job.singleton_on
            AND coalesce(other.singleton_key, '') = coalesce(job.singleton_key, '')
            AND other.state <> 'cancelled'
      )
    RETURNING job.name, id, start_after
), forgiven AS (
    DELETE FROM jobs.pgboss_death WHERE %(afresh)s AND job_id IN (SELECT id FROM back)
)
SELECT CASE WHEN start_after <= now() THEN pg_notify('jobs', 'wake 1 ' || name) END FROM back
