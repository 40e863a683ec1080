-- What a Node's watchdog looks at, before it begins maintenance anew.
UPDATE {schema}.version SET maintained_on = now()
