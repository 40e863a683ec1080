-- Ends attempts that are overdue: back to the queue while attempts are left, else expired. A job
-- that cannot go back, because another has taken its singleton key, has failed.
-- Index: job_pkey.
WITH ended AS (
    UPDATE {schema}.job
    SET state = CASE
                    WHEN retrycount >= retrylimit THEN 'expired'
                    WHEN %(displaced)s THEN 'failed'
                    ELSE 'retry'
                END::{schema}.job_state,
        completedon = CASE WHEN retrycount >= retrylimit OR %(displaced)s THEN now() END,
        startafter = CASE
                         WHEN retrycount = retrylimit THEN startafter
                         WHEN NOT retrybackoff THEN now() + retrydelay * interval '1 second'
                         ELSE now() + retrydelay * 2 ^ least(15, retrycount) * (1 + random())
                                      * interval '1 second'
                     END,
        output = CASE
                     WHEN retrycount < retrylimit AND %(displaced)s
                         THEN '{"name": "Expired", "message": "it took longer than expirein, and another job of its singleton queue waits"}'
                     ELSE output
                 END
    WHERE id = ANY (%(ids)s::uuid[]) AND state = 'active'
    RETURNING *
), reported AS (
    INSERT INTO {schema}.job (name, data, keepuntil)
    SELECT '__state__completed__' || name,
           jsonb_build_object('request', jsonb_build_object('id', id, 'name', name, 'data', data),
                              'response', NULL, 'state', state, 'retryCount', retrycount,
                              'createdOn', createdon, 'startedOn', startedon,
                              'completedOn', completedon, 'failed', true),
           keepuntil + (keepuntil - startafter)
    FROM ended
    WHERE on_complete AND state > 'active' AND NOT starts_with(name, '__state__completed__')
)
SELECT count(*) FROM ended
