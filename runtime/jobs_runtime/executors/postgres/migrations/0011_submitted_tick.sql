-- readable by: 10
-- A schedule whose jobs must not overlap looks at the tick that submitted last, not at all there were.

ALTER TABLE jobs.schedule ADD COLUMN submitted_tick timestamptz;

COMMENT ON COLUMN jobs.schedule.submitted_tick IS
    'with overlap = ''skip'', the last tick whose job was submitted: no earlier job is there any more';
