-- What is paused.
-- Index: none, the table has one row a pause.
SELECT kind, name FROM jobs.pause ORDER BY kind, name
