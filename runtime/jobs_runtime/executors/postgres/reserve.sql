-- Takes ids from the sequence for rows that COPY will bring, and tells the time that their delays
-- count from. What generate_series gives in a select list is not kept in between, as in a FROM.
-- Index: none.
SELECT array_agg(nextval('jobs.job_id_seq')), now()
FROM (SELECT generate_series(1, %(count)s)) AS rows
