-- Index: none, one row a schedule.
SELECT name FROM {schema}.schedule ORDER BY name
