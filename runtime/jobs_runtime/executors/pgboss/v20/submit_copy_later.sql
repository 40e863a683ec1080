-- Brings jobs whose ids are taken, to be performed at a moment of their own.
-- Index: none read; all of them are written.
COPY {schema}.job (id, name, priority, data, retrylimit, retrydelay, retrybackoff, expirein, keepuntil,
                   on_complete, startafter)
FROM STDIN
