-- Takes ids from the sequence for rows that COPY will bring, and tells the time that their delays
-- count from.
-- Index: none.
SELECT array_agg(nextval('jobs.job_id_seq')), now() FROM generate_series(1, %(count)s)
