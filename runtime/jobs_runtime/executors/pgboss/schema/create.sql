-- The tables of pg-boss 7.4 to 9.0 (version 20), column by column as pg-boss itself makes them, so
-- that one of these starts on them. The order of the states matters: predicates compare them.
CREATE SCHEMA IF NOT EXISTS {schema};

CREATE TYPE {schema}.job_state AS ENUM (
    'created', 'retry', 'active', 'completed', 'expired', 'cancelled', 'failed'
);

CREATE TABLE {schema}.version (
    version       integer PRIMARY KEY,
    maintained_on timestamptz,
    cron_on       timestamptz
);

CREATE TABLE {schema}.job (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name         text NOT NULL,
    priority     integer NOT NULL DEFAULT 0,
    data         jsonb,
    state        {schema}.job_state NOT NULL DEFAULT 'created',
    retrylimit   integer NOT NULL DEFAULT 0,
    retrycount   integer NOT NULL DEFAULT 0,
    retrydelay   integer NOT NULL DEFAULT 0,
    retrybackoff boolean NOT NULL DEFAULT false,
    startafter   timestamptz NOT NULL DEFAULT now(),
    startedon    timestamptz,
    singletonkey text,
    singletonon  timestamp,
    expirein     interval NOT NULL DEFAULT interval '15 minutes',
    createdon    timestamptz NOT NULL DEFAULT now(),
    completedon  timestamptz,
    keepuntil    timestamptz NOT NULL DEFAULT now() + interval '14 days',
    on_complete  boolean NOT NULL DEFAULT false,
    output       jsonb
);

CREATE TABLE {schema}.archive (
    LIKE {schema}.job,
    archivedon timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE {schema}.schedule (
    name       text PRIMARY KEY,
    cron       text NOT NULL,
    timezone   text,
    data       jsonb,
    options    jsonb,
    created_on timestamptz NOT NULL DEFAULT now(),
    updated_on timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE {schema}.subscription (
    event      text NOT NULL,
    name       text NOT NULL,
    created_on timestamptz NOT NULL DEFAULT now(),
    updated_on timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event, name)
);

CREATE INDEX job_name ON {schema}.job (name text_pattern_ops);

CREATE INDEX job_fetch ON {schema}.job (name text_pattern_ops, startafter) WHERE state < 'active';

CREATE UNIQUE INDEX job_singletonkey ON {schema}.job (name, singletonkey)
WHERE state < 'completed' AND singletonon IS NULL
  AND NOT singletonkey LIKE '\_\_pgboss\_\_singleton\_queue%';

CREATE UNIQUE INDEX job_singleton_queue ON {schema}.job (name, singletonkey)
WHERE state < 'active' AND singletonon IS NULL
  AND singletonkey LIKE '\_\_pgboss\_\_singleton\_queue%';

CREATE UNIQUE INDEX job_singletonon ON {schema}.job (name, singletonon)
WHERE state < 'expired' AND singletonkey IS NULL;

CREATE UNIQUE INDEX job_singletonkeyon ON {schema}.job (name, singletonon, singletonkey)
WHERE state < 'expired';

CREATE INDEX archive_archivedon_idx ON {schema}.archive (archivedon);

CREATE INDEX archive_id_idx ON {schema}.archive (id);

INSERT INTO {schema}.version (version) VALUES (20);
