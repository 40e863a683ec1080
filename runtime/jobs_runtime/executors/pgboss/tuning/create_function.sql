-- Tells listening schedulers which jobs a statement has added, once for each name, and only while
-- some worker waits. With its owner's rights: the roles of a Node server need none on our tables.
-- A name too long for a notification is left to the poll, so that no insert can fail by it.
CREATE OR REPLACE FUNCTION jobs.wake_for_pgboss() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM jobs.supervisor WHERE idle) THEN
        PERFORM pg_notify('jobs', 'wake ' || count(*) || ' ' || name)
        FROM sent
        WHERE state < 'active' AND startafter <= now()
          AND octet_length(name) <= 1000 AND NOT starts_with(name, '__pgboss__')
        GROUP BY name;
    END IF;
    RETURN NULL;
END
$$
