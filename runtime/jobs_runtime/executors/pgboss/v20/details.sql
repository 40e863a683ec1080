-- Finds a job by id, in the archive too: Node's columns, then how far our worker has come.
-- Index: job_pkey, archive_id_idx, pgboss_lease_job, pgboss_death_pkey.
SELECT id::text, name, priority, data::text, state::text, retrylimit, retrycount, retrydelay,
       retrybackoff, startafter, job.startedon, singletonkey, singletonon, expirein, createdon,
       completedon, keepuntil, on_complete, output::text, NULL::timestamptz,
       (SELECT progress::text
        FROM jobs.pgboss_lease AS lease
        WHERE lease.job_id = job.id AND lease.startedon = job.startedon),
       coalesce(deaths, 0), died.startedon
FROM {schema}.job
LEFT JOIN jobs.pgboss_death AS died ON died.job_id = id
WHERE id = %(id)s
UNION ALL
SELECT id::text, name, priority, data::text, state::text, retrylimit, retrycount, retrydelay,
       retrybackoff, startafter, archive.startedon, singletonkey, singletonon, expirein, createdon,
       completedon, keepuntil, on_complete, output::text, archivedon, NULL,
       coalesce(deaths, 0), died.startedon
FROM {schema}.archive
LEFT JOIN jobs.pgboss_death AS died ON died.job_id = id
WHERE id = %(id)s
LIMIT 1
