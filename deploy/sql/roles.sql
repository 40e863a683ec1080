-- Four roles without a login, for the logins of those who do each part:
--
--   jobs_submitter   the web server: submits, looks up, waits for, cancels and retries jobs
--   jobs_worker      --dsn of a pool: claims and finishes; submits too, as jobs may
--   jobs_scheduler   --direct-dsn of a pool: heartbeats, rescues, fires schedules, keeps the history
--   jobs_reader      Grafana, KEDA, people: sees every job, but not what it carries
--
-- Run it after `jobs-supervisor migrate`, as the role that migrates, and again after each migration:
--
--   psql -v ON_ERROR_STOP=1 -f roles.sql
--   CREATE ROLE shop_web LOGIN PASSWORD '...' IN ROLE jobs_submitter;
--   CREATE ROLE shop_worker LOGIN PASSWORD '...' IN ROLE jobs_worker;
--   CREATE ROLE shop_scheduler LOGIN PASSWORD '...' IN ROLE jobs_scheduler;
--   ALTER ROLE shop_scheduler SET role = jobs_scheduler;   -- so that partitions belong to the role

BEGIN;  -- nobody is to be without what is granted, even for a moment
SET LOCAL lock_timeout = '10s';

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['jobs_submitter', 'jobs_worker', 'jobs_scheduler', 'jobs_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
        -- Begin from nothing, so that a grant taken out of this file is gone.
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA jobs FROM %I', wanted);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA jobs FROM %I', wanted);
        EXECUTE format('REVOKE ALL ON SCHEMA jobs FROM %I', wanted);
        EXECUTE format('GRANT USAGE ON SCHEMA jobs TO %I', wanted);
    END LOOP;
END $$;

GRANT jobs_submitter TO jobs_worker;

-- Submitting, and what SubmittedJob can do.
GRANT SELECT, INSERT, DELETE ON jobs.job, jobs.finished, jobs.slot, jobs.waiter TO jobs_submitter;
GRANT USAGE ON SEQUENCE jobs.job_id_seq TO jobs_submitter;
GRANT SELECT (idle) ON jobs.supervisor TO jobs_submitter;
GRANT SELECT (incarnation) ON jobs.worker TO jobs_submitter;
GRANT SELECT, INSERT, DELETE ON jobs.pause TO jobs_submitter;
GRANT UPDATE ON jobs.waiter TO jobs_submitter;  -- to lock what it deletes
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.schedule TO jobs_submitter;

GRANT SELECT ON jobs.pgboss_lease TO jobs_submitter;
GRANT SELECT, DELETE ON jobs.pgboss_death TO jobs_submitter;
GRANT SELECT, INSERT, DELETE, UPDATE ON jobs.pgboss_waiter TO jobs_submitter;

-- Claiming and finishing.
GRANT UPDATE ON jobs.job TO jobs_worker;
GRANT SELECT, INSERT ON jobs.beginning TO jobs_worker;
GRANT UPDATE (running_on) ON jobs.finished TO jobs_worker;
GRANT SELECT, INSERT ON jobs.worker, jobs.claim TO jobs_worker;
GRANT USAGE ON SEQUENCE jobs.incarnation TO jobs_worker;
GRANT SELECT (id), UPDATE (idle) ON jobs.supervisor TO jobs_worker;
GRANT SELECT ON jobs.migration TO jobs_worker;
GRANT INSERT, DELETE, UPDATE ON jobs.pgboss_lease TO jobs_worker;
GRANT INSERT, UPDATE ON jobs.pgboss_death TO jobs_worker;
GRANT USAGE ON SEQUENCE jobs.pgboss_lease_id TO jobs_worker;

-- One scheduler a host: its heartbeat, its dead workers; as the leader everybody's, and cron.
GRANT SELECT, INSERT, UPDATE, DELETE
    ON jobs.job, jobs.supervisor, jobs.schedule, jobs.tick, jobs.pgboss_schedule,
    jobs.pgboss_death TO jobs_scheduler;
GRANT SELECT, DELETE ON jobs.worker, jobs.claim, jobs.slot, jobs.waiter, jobs.beginning, jobs.pgboss_lease,
    jobs.pgboss_waiter TO jobs_scheduler;
GRANT USAGE ON SEQUENCE jobs.job_id_seq TO jobs_scheduler;
GRANT SELECT ON jobs.migration, jobs.pause TO jobs_scheduler;  -- with which `check` looks

-- It makes the history's partitions and drops them, which only the owner of a table may.
GRANT jobs_scheduler TO CURRENT_USER;
GRANT CREATE ON SCHEMA jobs TO jobs_scheduler;
DO $$
DECLARE
    history record;
BEGIN
    FOR history IN
        SELECT oid::regclass AS name, relowner FROM pg_class
        WHERE oid = 'jobs.finished'::regclass
           OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'jobs.finished'::regclass)
    LOOP
        IF history.relowner <> 'jobs_scheduler'::regrole THEN
            EXECUTE format('ALTER TABLE %s OWNER TO jobs_scheduler', history.name);
        END IF;
        EXECUTE format('GRANT ALL ON %s TO jobs_scheduler', history.name);
    END LOOP;
END $$;

-- To see what other roles' sessions hold back vacuum; only who administers that role may grant it.
DO $$
BEGIN
    GRANT pg_read_all_stats TO jobs_scheduler;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'jobs_scheduler does not see the sessions of others: %', SQLERRM;
END $$;
GRANT SELECT, INSERT, DELETE, UPDATE (running_on) ON jobs.finished TO jobs_submitter;
GRANT UPDATE (running_on) ON jobs.finished TO jobs_worker;

-- Everything but args, options, progress and output.
GRANT SELECT (id, created_at, start_after, claimed_by, claimed_at, rank, state, attempt, deaths, ready,
              running, queue, name, keep_until, limit_key) ON jobs.job TO jobs_reader;
GRANT SELECT (id, created_at, start_after, started_at, finished_at, rank, state, attempt, deaths, queue,
              name, keep_until) ON jobs.finished TO jobs_reader;
GRANT SELECT ON jobs.supervisor, jobs.worker, jobs.claim, jobs.tick, jobs.pause, jobs.migration TO jobs_reader;
GRANT SELECT (id, tables, queue, job_id, startedon, claimed_by) ON jobs.pgboss_lease TO jobs_reader;
GRANT SELECT (key, name, queue, cron, time_zone, missed, missed_limit, overlap, rank, last_tick,
              declared, paused_at)
    ON jobs.schedule TO jobs_reader;

COMMIT;
