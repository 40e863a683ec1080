-- For a sandbox, in whose one transaction no time passes: has the time of what is delayed come.
-- Index: job_common_i11.
UPDATE {schema}.job SET start_after = now()
WHERE name = ANY (%(queues)s::text[]) AND state < 'active' AND start_after > now() AND %(delayed)s
