-- Takes the slot of a tick, with the row by which a Node would, already completed. No row back: it
-- was fired before, by whomever, and perhaps archived since.
-- Index: job_singletonkeyon, archive_archivedon_idx.
INSERT INTO {schema}.job (name, singletonkey, singletonon, data, state, startedon, completedon)
SELECT '__pgboss__send-it', name, %(minute)s::timestamp, to_jsonb(schedule), 'completed', now(), now()
FROM {schema}.schedule
WHERE name = %(name)s
  AND NOT EXISTS (
      SELECT
      FROM {schema}.job
      WHERE job.name = '__pgboss__send-it' AND singletonkey = %(name)s
        AND singletonon > %(after)s::timestamp AND singletonon <= %(minute)s::timestamp
        AND state < 'expired'
  )
  AND NOT EXISTS (
      SELECT
      FROM {schema}.archive
      WHERE archivedon >= %(after)s::timestamp AT TIME ZONE 'UTC'
        AND archive.name = '__pgboss__send-it' AND singletonkey = %(name)s
        AND singletonon > %(after)s::timestamp AND singletonon <= %(minute)s::timestamp
        AND state < 'expired'
  )
ON CONFLICT DO NOTHING
RETURNING id
