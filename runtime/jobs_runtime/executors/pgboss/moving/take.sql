-- Takes waiting jobs out of the table for good, first come first served; those that somebody is
-- taking at this moment are left to them, and some are left there. A time slot is not taken along, and
-- no key with it, which would exclude others for good. Index: job_fetch (or jobs_runtime_claim), job_pkey.
WITH gone AS (
    DELETE FROM {schema}.job
    WHERE id IN (
        SELECT id
        FROM {schema}.job
        WHERE name = %(name)s AND state < 'active' AND id <> ALL (%(left)s::uuid[])
        ORDER BY priority DESC, createdon, id
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING *
)
SELECT priority, data::text,
       retrylimit - retrycount - (state = 'retry')::integer,
       retrydelay, retrybackoff, extract(epoch FROM expirein)::float8,
       CASE WHEN singletonon IS NULL THEN singletonkey END,
       CASE WHEN startafter > now() THEN startafter END,
       extract(epoch FROM keepuntil - greatest(startafter, now()))::float8, id::text
FROM gone
ORDER BY priority DESC, createdon, id
