-- Jobs that were failed within so many seconds for killing their workers, by name.
-- Index: none, it reads the partitions of those days.
SELECT name, count(*), max(id)
FROM jobs.finished
WHERE finished_at > now() - %(seconds)s::float8 * interval '1 second'
  AND state = 'failed' AND deaths >= %(deaths)s
GROUP BY name
ORDER BY 2 DESC
