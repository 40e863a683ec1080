-- Lets every delayed job be claimed, whatever its time; for tests of applications.
-- Index: none, every delayed job is wanted.
UPDATE jobs.job SET ready = true WHERE NOT ready
