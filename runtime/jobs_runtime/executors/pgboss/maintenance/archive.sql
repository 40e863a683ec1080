-- Moves to the archive, out of some pages of the table, what finished long enough ago and what has
-- waited for too long. Index: none, the pages.
WITH gone AS (
    DELETE FROM {schema}.job
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM {schema}.job
        WHERE ctid >= %(from)s::tid AND ctid < %(to)s::tid
          AND CASE
                  WHEN state < 'active' THEN keepuntil < now()
                  WHEN state = 'failed'
                      THEN completedon < now() - %(failed)s::float8 * interval '1 second'
                  ELSE completedon < now() - %(finished)s::float8 * interval '1 second'
              END
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING *
), kept AS (
    INSERT INTO {schema}.archive (id, name, priority, data, state, retrylimit, retrycount, retrydelay,
                                  retrybackoff, startafter, startedon, singletonkey, singletonon,
                                  expirein, createdon, completedon, keepuntil, on_complete, output)
    SELECT id, name, priority, data, state, retrylimit, retrycount, retrydelay, retrybackoff,
           startafter, startedon, singletonkey, singletonon, expirein, createdon, completedon,
           keepuntil, on_complete, output
    FROM gone
)
SELECT count(*) FROM gone
