-- What was submitted after an id, in order, wherever it stands.
-- Index: job_pkey, finished_id.
SELECT id::text
FROM (SELECT id FROM jobs.job WHERE id > %(id)s
      UNION ALL
      SELECT id FROM jobs.finished WHERE id > %(id)s) AS submitted
ORDER BY submitted.id
