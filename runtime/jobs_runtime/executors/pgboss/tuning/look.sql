-- Whether the index is there and complete, and the trigger is there and enabled.
-- Index: pg_class_relname_nsp_index, pg_trigger_tgrelid_tgname_index.
SELECT coalesce((SELECT indisvalid FROM pg_index
                 WHERE indexrelid = to_regclass(%(schema)s || '.jobs_runtime_claim')), false),
       EXISTS (SELECT FROM pg_trigger
               WHERE tgrelid = to_regclass(%(schema)s || '.job')
                 AND tgname = 'jobs_runtime_wake' AND tgenabled <> 'D')
