-- Adds a row that may be performed at once, in a transaction of nothing else.
-- Wakes a worker only when one may be waiting, and nobody else is about to wake one for the queue:
-- commits that notify go one after another. Whoever is told looks again until all who left it to
-- others have committed.
-- Index: none read; job_ready is written.
INSERT INTO jobs.job (queue, name, rank, args, options, keep_until, limit_key)
VALUES (%(queue)s, %(name)s, %(rank)s, %(args)s::json, %(options)s::json,
        now() + %(keep_for)s::float8 * interval '1 second', %(limit_key)s)
RETURNING id,
          CASE WHEN EXISTS (SELECT FROM jobs.supervisor WHERE idle) THEN
              CASE WHEN pg_try_advisory_xact_lock(hashtext('jobs-runtime wake'), hashtext(queue))
                  THEN pg_notify('jobs', 'wake 1 ' || queue)
              END
          END
