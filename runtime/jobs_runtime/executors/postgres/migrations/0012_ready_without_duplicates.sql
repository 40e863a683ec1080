-- readable by: 10
-- Each key has an id, so none is twice: before a page is split, none needs to be looked for.

ALTER INDEX jobs.job_ready SET (deduplicate_items = off);
