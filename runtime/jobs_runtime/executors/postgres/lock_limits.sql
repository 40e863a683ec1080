-- Lets one claim after the other count what runs in a queue with limits, until the commit.
-- A statement of its own: the next one must see what the claim before it committed.
-- Index: none.
SELECT pg_advisory_xact_lock(hashtext('jobs-runtime limits'), hashtext(%(queue)s))
