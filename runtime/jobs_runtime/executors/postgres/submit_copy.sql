-- Brings rows whose ids are reserved.
-- Index: none read; job_ready or job_due is written.
COPY jobs.job (id, args, queue, name, rank, options, start_after, ready, keep_until, limit_key)
FROM STDIN
