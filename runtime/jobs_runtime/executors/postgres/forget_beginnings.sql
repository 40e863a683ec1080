-- Forgets attempts that no rate looks back at any more.
-- Index: none, the table has as many rows as rates allow in a day.
DELETE FROM jobs.beginning WHERE began_at < now() - %(seconds)s * interval '1 second'
