-- Takes ids from the sequence for rows that COPY will bring.
-- Index: none.
SELECT array_agg(nextval('jobs.job_id_seq')) FROM generate_series(1, %(count)s)
