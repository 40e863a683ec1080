"""A role that migrates and is no superuser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg

from jobs_runtime.database import connect
from jobs_runtime.executors.postgres import migrate
from jobs_runtime.executors.postgres.partitions import create_partitions
from tests.integration.databases import copied
from tests.support.grants import granted, playing

SETUP = """
CREATE ROLE migrator CREATEROLE;
DROP SCHEMA jobs CASCADE;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO migrator', current_database()); END $$
"""


def test_the_history_is_the_schedulers_whoever_migrates(server_dsn: str, template: str) -> None:
    later = datetime.now(UTC).date() + timedelta(days=30)
    with copied(server_dsn, template) as dsn, psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(SETUP)
        with connect(playing(dsn, "migrator"), "tests") as connection:
            migrate.migrate(connection)
        with (
            granted(dsn, "migrator"),
            connect(playing(dsn, "jobs_scheduler"), "tests") as scheduler,
        ):
            assert create_partitions(scheduler, later)
        owner.execute("DROP OWNED BY migrator CASCADE")
        owner.execute("DROP ROLE migrator")
