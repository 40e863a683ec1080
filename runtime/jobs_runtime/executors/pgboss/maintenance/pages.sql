-- How many pages the table has: it is gone through by these, as no index finds what is overdue.
SELECT pg_relation_size('{schema}.job') / current_setting('block_size')::integer
