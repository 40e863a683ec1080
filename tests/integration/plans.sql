-- Fills a migrated database so that the planner has a choice to make.
INSERT INTO jobs.job (id, queue, name, singleton_key, singleton_queue, keep_until)
SELECT id, 'queue' || id % 20, 'name' || id % 20,
       CASE WHEN id % 100 < 2 THEN 'key' || id END, id % 2 = 0,
       CASE WHEN id % 100 = 3 THEN now() + (id - 10000) * interval '1 second' END
FROM generate_series(1, 100000) AS id;

INSERT INTO jobs.job (id, queue, name, ready, start_after)
SELECT id, 'queue' || id % 20, 'name' || id % 20, false,
       now() + (id - 101000) * interval '1 second'
FROM generate_series(100001, 200000) AS id;

INSERT INTO jobs.job (id, queue, name, state, attempt, claimed_by, claimed_at)
SELECT id, 'queue' || id % 20, 'name' || id % 20, 'active', 1, 7 + (id - 200001) / 500,
       now() - interval '1 hour'
FROM generate_series(200001, 204000) AS id;

INSERT INTO jobs.claim (incarnation, claimed_at, ids)
SELECT claimed_by, claimed_at, array_agg(id) FROM jobs.job WHERE claimed_by < 100 GROUP BY 1, 2;

INSERT INTO jobs.claim (incarnation, claimed_at, ids)
SELECT 100 + number % 100, now() - interval '1 hour', ARRAY[number]
FROM generate_series(1, 10000) AS number;

INSERT INTO jobs.job (id, queue, name, limit_key)
SELECT id, 'limited', 'limited', 'key' || id % 10
FROM generate_series(210001, 230000) AS id;

INSERT INTO jobs.job (id, queue, name, limit_key, running, state, attempt, claimed_by, claimed_at)
SELECT id, 'limited', 'limited', 'key' || id % 10, true, 'active', 1, 9000, now()
FROM generate_series(240001, 240100) AS id;

INSERT INTO jobs.beginning (queue, limit_key, began_at)
SELECT 'limited', 'key' || number % 10, now() - number * interval '1 second'
FROM generate_series(1, 50000) AS number;

INSERT INTO jobs.pause (kind, name)
SELECT 'queue', 'another ' || number FROM generate_series(1, 1000) AS number;

INSERT INTO jobs.finished (id, created_at, finished_at, rank, state, attempt, deaths, queue, name,
                           keep_until)
SELECT id, now(), now() + (id % 10 - 2) * interval '1 day', 0, 'cancelled', 1, 0,
       'queue' || id % 20, 'name' || id % 20,
       CASE WHEN id % 7 = 0 THEN now() + (id - 310000) * interval '1 second' END
FROM generate_series(300001, 400000) AS id;

INSERT INTO jobs.supervisor (id, host, place, pid, workers, names, schedules, idle)
SELECT 'supervisor' || number, 'host', 'place ' || number, 1, 8, '{}', '{}', false
FROM generate_series(1, 1000) AS number;

INSERT INTO jobs.worker (incarnation, supervisor_id, slot, pid, knows)
SELECT number, 'supervisor' || number / 8 + 1, number % 8, 1, 9
FROM generate_series(1, 10000) AS number;

INSERT INTO jobs.schedule (key, name, queue, cron, time_zone, missed, missed_limit, overlap, rank)
SELECT 'key' || number, 'name' || number, 'queue' || number, '* * * * *', 'UTC', 'latest', 100,
       CASE number % 2 WHEN 0 THEN 'skip' ELSE 'allow' END, 0
FROM generate_series(1, 1000) AS number;

INSERT INTO jobs.tick (schedule, tick, job_id)
SELECT 'key' || number % 1000, timestamptz '2025-01-01Z' + number * interval '1 second', number
FROM generate_series(1, 50000) AS number;

INSERT INTO jobs.slot (name, key, starts_at, ends_at, job_id)
SELECT 'name' || number % 20, 'key' || number, now(), now() + interval '1 minute', number
FROM generate_series(1, 50000) AS number;

INSERT INTO jobs.pgboss_lease (tables, job_id, startedon, claimed_by, retried)
SELECT 'pgboss', gen_random_uuid(), now(), number / 10, false
FROM generate_series(1, 50000) AS number;

INSERT INTO jobs.waiter (job_id) SELECT number FROM generate_series(1, 50000) AS number;

SELECT setval('jobs.job_id_seq', 1000000), setval('jobs.incarnation', 1000000)
