-- Brings jobs whose ids are taken, to be performed at once.
-- Index: none read; all of them are written.
COPY {schema}.job (id, name, priority, data, retrylimit, retrydelay, retrybackoff, expirein, keepuntil,
                   on_complete)
FROM STDIN
