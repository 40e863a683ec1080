-- Frees the lock of what was led, and tells the others.
-- Index: none, no table is read.
SELECT pg_advisory_unlock(hashtext('jobs-runtime'), hashtext(%(what)s)),
       pg_notify('jobs', 'leaderless')
