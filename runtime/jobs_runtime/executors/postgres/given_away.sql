-- How many of an incarnation's attempts were given to others, after it was given up for dead: the
-- jobs have a death more than at its claim. A lease ends with its incarnation.
-- Index: worker_pkey, job_pkey, finished_id.
SELECT count(*)
FROM unnest(%(ids)s::bigint[], %(deaths)s::smallint[]) AS attempt (id, deaths)
WHERE NOT EXISTS (SELECT FROM jobs.worker WHERE incarnation = %(incarnation)s)
  AND (attempt.id < 0
       OR EXISTS (SELECT FROM jobs.job
                  WHERE job.id = attempt.id AND job.deaths > attempt.deaths)
       OR EXISTS (SELECT FROM jobs.finished
                  WHERE finished.id = attempt.id AND finished.deaths > attempt.deaths))
