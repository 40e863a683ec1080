-- Finds a job by id: Node's columns, how far our worker has come, and the columns of some versions.
-- Index: queue_pkey, job_common_pkey, pgboss_lease_job, pgboss_death_pkey.
SELECT id::text, job.name, priority, data::text, job.policy, state::text, job.retry_limit, retry_count,
       job.retry_delay, job.retry_backoff, job.retry_delay_max, start_after, started_on, singleton_key,
       singleton_on, job.expire_seconds, job.deletion_seconds, job.created_on, completed_on, keep_until,
       job.dead_letter, output::text,
       (SELECT progress::text
        FROM jobs.pgboss_lease AS lease
        WHERE lease.job_id = job.id AND lease.startedon = started_on),
       coalesce(deaths, 0), startedon
       , group_id, group_tier -- if job.group_id
       , heartbeat_on, job.heartbeat_seconds -- if job.heartbeat_on
       , blocked, blocking, pending_dependencies -- if job.blocked
       , source_name, source_id::text, source_created_on, source_retry_count -- if job.source_name
       , source_output::text, source_root_id::text -- if job.source_output
FROM {schema}.queue
CROSS JOIN LATERAL (
    SELECT * FROM {schema}.job WHERE job.name = queue.name AND id = %(id)s
    OFFSET 0 -- one look-up for each queue: ids alone have no index
) AS job
LEFT JOIN jobs.pgboss_death AS died ON died.job_id = id
LIMIT 1
