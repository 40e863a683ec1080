-- Which version the tables are of.
-- Index: none, the table has one row.
SELECT version FROM {schema}.version
