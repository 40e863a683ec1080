-- Puts a finished job back into its queue, out of the archive too, unless its last attempt may still
-- be running here or another job has taken its singleton key. It may wait anew as long as before.
-- Index: job_pkey, archive_id_idx, pgboss_lease_job, pgboss_death_pkey; for the key, job_name.
WITH back AS (
    UPDATE {schema}.job
    SET state = 'created', completedon = NULL,
        retrycount = CASE WHEN %(afresh)s THEN 0 ELSE retrycount END,
        startedon = CASE WHEN NOT %(afresh)s THEN startedon END,
        keepuntil = greatest(startafter, now()) + (keepuntil - startafter)
    WHERE id = %(id)s AND state = ANY (%(states)s::{schema}.job_state[])
      AND NOT EXISTS (SELECT FROM jobs.pgboss_lease AS lease WHERE lease.job_id = job.id)
      AND NOT EXISTS (
          SELECT
          FROM {schema}.job AS other
          WHERE other.name = job.name AND other.id <> job.id
            AND (other.singletonkey = job.singletonkey
                 OR other.singletonkey IS NULL AND job.singletonkey IS NULL
                    AND job.singletonon IS NOT NULL)
            AND other.singletonon IS NOT DISTINCT FROM job.singletonon
            AND other.state < CASE
                    WHEN job.singletonon IS NOT NULL THEN 'expired'
                    WHEN starts_with(job.singletonkey, '__pgboss__singleton_queue') THEN 'active'
                    ELSE 'completed'
                END::{schema}.job_state
      )
    RETURNING id, name, startafter
), archived AS (
    INSERT INTO {schema}.job (id, name, priority, data, retrylimit, retrycount, retrydelay,
                              retrybackoff, startafter, startedon, singletonkey, singletonon, expirein,
                              createdon, keepuntil, on_complete, output)
    SELECT id, name, priority, data, retrylimit, CASE WHEN %(afresh)s THEN 0 ELSE retrycount END,
           retrydelay, retrybackoff, startafter, CASE WHEN NOT %(afresh)s THEN startedon END,
           singletonkey, singletonon, expirein, createdon,
           greatest(startafter, now()) + (keepuntil - startafter), on_complete, output
    FROM {schema}.archive
    WHERE id = %(id)s AND state = ANY (%(states)s::{schema}.job_state[])
    ON CONFLICT DO NOTHING
    RETURNING id, name, startafter
), gone AS (
    DELETE FROM {schema}.archive WHERE id IN (SELECT id FROM archived)
), forgiven AS (
    DELETE FROM jobs.pgboss_death
    WHERE %(afresh)s AND job_id IN (SELECT id FROM back UNION ALL SELECT id FROM archived)
)
SELECT CASE WHEN startafter <= now() THEN pg_notify('jobs', 'wake 1 ' || name) END
FROM (SELECT * FROM back UNION ALL SELECT * FROM archived) AS restored
