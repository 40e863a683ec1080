-- Fills the tables of a pg-boss so that the planner has a choice to make.
INSERT INTO pgboss.job (name, startafter, priority)
SELECT 'name' || n % 20, now() + (n - 30000) * interval '1 second', n % 3
FROM generate_series(1, 60000) AS n;

INSERT INTO pgboss.job (name, state, startedon, completedon)
SELECT 'name' || n % 20, 'completed', now(), now() FROM generate_series(1, 40000) AS n;

INSERT INTO pgboss.job (name, singletonkey)
SELECT 'name1', CASE n % 2 WHEN 0 THEN '__pgboss__singleton_queue' ELSE '' END || 'key' || n
FROM generate_series(1, 10000) AS n;

INSERT INTO pgboss.job (name, state, singletonon, singletonkey, startedon, completedon)
SELECT 'name1', 'completed', timestamp '2025-01-01' + n * interval '1 minute',
       CASE n % 2 WHEN 0 THEN 'key' || n END, now(), now()
FROM generate_series(1, 10000) AS n;

WITH active AS (
    INSERT INTO pgboss.job (name, state, startedon)
    SELECT 'name' || n % 20, 'active', now() FROM generate_series(1, 4000) AS n
    RETURNING id, startedon
)
INSERT INTO jobs.pgboss_lease (id, tables, job_id, startedon, claimed_by, retried)
SELECT -n, 'pgboss', id, startedon, 7 + (n - 1) / 500, false
FROM (SELECT row_number() OVER () AS n, id, startedon FROM active) AS numbered;

INSERT INTO pgboss.archive
SELECT gen_random_uuid(), 'name' || n % 20, 0, NULL, 'cancelled', 0, 0, 0, false, now(), now(), NULL,
       NULL, interval '15 minutes', now(), now(), now() + interval '14 days', false, NULL, now()
FROM generate_series(1, 40000) AS n;

INSERT INTO pgboss.subscription (event, name)
SELECT 'event' || n % 100, 'name' || n FROM generate_series(1, 5000) AS n;

INSERT INTO jobs.supervisor (id, host, place, pid, workers, names, schedules)
SELECT 'supervisor' || n, 'host', 'place', 1, 8, ARRAY(SELECT 'name' || m FROM generate_series(1, 19) AS m),
       '{}'
FROM generate_series(1, 3) AS n;

INSERT INTO jobs.worker (incarnation, supervisor_id, slot, pid, knows)
SELECT n, 'supervisor', n % 8, 1, 9 FROM generate_series(1, 2000) AS n;

INSERT INTO jobs.pgboss_waiter (job_id) SELECT gen_random_uuid() FROM generate_series(1, 20000);

INSERT INTO jobs.pgboss_death (job_id, startedon)
SELECT gen_random_uuid(), now() FROM generate_series(1, 20000);

SELECT setval('jobs.pgboss_lease_id', -1000000)
