-- What the four roles of roles.sql need of the tables of a Node pg-boss, for applications that keep
-- jobs there (executor="PgBoss"). Run it after roles.sql and once the tables are there, as their owner
-- (the role of your Node server) or a superuser; again after an upgrade of pg-boss:
--
--   psql -v ON_ERROR_STOP=1 -v pgboss=pgboss -f pgboss_roles.sql      -- or as your schema is called
--
-- jobs_reader sees every job, but not what it carries. The role of the Node server needs nothing of ours.
--
-- `jobs-supervisor pgboss tune` changes a table of the Node server's role, and makes a function beside
-- ours. Let the role that migrates run it, as a member of the other; that may be revoked afterwards:
--
--   GRANT node_server TO migrator;

\if :{?pgboss}
\else
\set pgboss pgboss
\endif

BEGIN;  -- nobody is to be without what is granted, even for a moment

-- Begin from nothing, so that a grant taken out of this file is gone.
REVOKE ALL ON ALL TABLES IN SCHEMA :"pgboss"
    FROM jobs_submitter, jobs_worker, jobs_scheduler, jobs_reader;
REVOKE ALL ON SCHEMA :"pgboss" FROM jobs_submitter, jobs_worker, jobs_scheduler, jobs_reader;
GRANT USAGE ON SCHEMA :"pgboss" TO jobs_submitter, jobs_worker, jobs_scheduler, jobs_reader;

-- Which tables there are depends on the version: 20 has an archive, 25 and later have queues.
SELECT format('GRANT %s ON %I.%I TO %s', privileges, :'pgboss', relname, role)
FROM (VALUES
    -- Submitting, looking up, cancelling, resuming; events. A worker is a submitter, and no more here.
    ('jobs_submitter', 'job', 'SELECT, INSERT, UPDATE'),
    ('jobs_submitter', 'archive', 'SELECT, DELETE'),
    ('jobs_submitter', 'subscription', 'SELECT, INSERT, UPDATE, DELETE'),
    ('jobs_submitter', 'version', 'SELECT'),
    ('jobs_submitter', 'queue', 'SELECT'),
    -- Settling what dead workers held; as the leader, schedules and maintenance.
    ('jobs_scheduler', 'job', 'SELECT, INSERT, UPDATE, DELETE'),
    ('jobs_scheduler', 'archive', 'SELECT, INSERT, DELETE'),
    ('jobs_scheduler', 'schedule', 'SELECT, INSERT, UPDATE, DELETE'),
    ('jobs_scheduler', 'version', 'SELECT, UPDATE'),
    ('jobs_scheduler', 'queue', 'SELECT'),
    ('jobs_reader', 'queue', 'SELECT'),
    ('jobs_reader', 'version', 'SELECT')
) AS wanted (role, relname, privileges)
WHERE to_regclass(format('%I.%I', :'pgboss', relname)) IS NOT NULL
UNION ALL
SELECT format('GRANT SELECT (%s) ON %I.%I TO jobs_reader', string_agg(quote_ident(attname), ', '),
              :'pgboss', relname)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = (:'pgboss')::regnamespace AND relname IN ('job', 'archive')
  AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('data', 'output', 'source_output')
GROUP BY relname
\gexec

COMMIT;
