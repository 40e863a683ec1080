-- For a sandbox, in whose one transaction no time passes: has the time of what waits come.
-- Index: job_fetch.
UPDATE {schema}.job SET startafter = now() - interval '1 microsecond'
WHERE name = ANY (%(queues)s::text[]) AND state < 'active' AND startafter >= now()
  AND (%(delayed)s OR startafter = now())
