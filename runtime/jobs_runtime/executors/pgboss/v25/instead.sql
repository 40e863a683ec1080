-- Why a job was not stored: the policy of its queue, and who holds its time slot. No row back: there
-- is no such queue.
-- Index: queue_pkey, job_common_i4.
SELECT policy,
       (SELECT id::text
        FROM {schema}.job
        WHERE job.name = queue.name AND state <> 'cancelled'
          AND singleton_on = timestamp 'epoch' + interval '1 second' * %(slot_seconds)s::float8
                             * (floor(extract(epoch FROM now()) / %(slot_seconds)s::float8)
                                + %(in_next_slot)s::integer)
          AND coalesce(singleton_key, '') = coalesce(%(singleton_key)s, ''))
FROM {schema}.queue
WHERE name = %(name)s
