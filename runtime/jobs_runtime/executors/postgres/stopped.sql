-- Records that attempts cancelled while running have ended, so that they may be resumed.
-- Index: finished_id.
UPDATE jobs.finished SET running_on = NULL
WHERE id = ANY (%(ids)s::bigint[]) AND running_on = %(incarnation)s
