-- Takes the lock of what is to be led, unless another session has it.
-- Index: none, no table is read.
SELECT pg_try_advisory_lock(hashtext('jobs-runtime'), hashtext(%(what)s))
