from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import psycopg
import pytest
from psycopg import conninfo, sql

from jobs_runtime.database import Connection, connect
from jobs_runtime.errors import SchemaError, SchemaMissing, SchemaOutdated, SchemaTooNew
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.executors.postgres.migrate import (
    MIGRATION_TABLE,
    RECORD,
    as_script,
    check,
    migrate,
    migrations,
    pending,
)
from tests.integration.databases import copied
from tests.integration.shop import Shop, executor, number

NEWEST = migrations()[-1].version

HELD_BEFORE_9 = """
INSERT INTO jobs.worker (incarnation, supervisor_id, slot, pid) VALUES (7, 'older', 1, 1);
INSERT INTO jobs.job (queue, name, ready, state, attempt, claimed_by, claimed_at, limit_key)
SELECT 'mail', 'send', false, 'active', 1, 7, now() - interval '1 minute', key
FROM (VALUES ('key'), (NULL)) AS limited (key)
"""

COLUMNS = """
SELECT table_name::text, column_name::text, data_type::text, is_nullable::text
FROM information_schema.columns
WHERE table_schema = 'jobs' AND table_name !~ '^finished_' ORDER BY 1, 2
"""
INDEXES = """
SELECT indexname::text, indexdef FROM pg_indexes
WHERE schemaname = 'jobs' AND tablename !~ '^finished_' ORDER BY 1
"""


def schema(connection: Connection) -> list[tuple[object, ...]]:
    return [*connection.execute(COLUMNS), *connection.execute(INDEXES)]


def check_error(connection: Connection, error: type[SchemaError]) -> str:
    with pytest.raises(error) as caught:
        check(connection)
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)
    return str(caught.value)


def migrate_to(connection: Connection, version: int) -> None:
    connection.execute(MIGRATION_TABLE, prepare=False)
    for step in migrations()[:version]:
        connection.execute(step.sql, prepare=False)
        connection.execute(f"{RECORD} (%s, %s)", [step.version, step.readable_by])


@pytest.fixture
def dsn(server_dsn: str, template: str) -> Iterator[str]:
    """A database whose tables a test may alter."""
    with copied(server_dsn, template) as dsn:
        yield dsn


class TestMigrating:
    def test_from_empty_every_step_in_order(self, empty_dsn: str) -> None:
        with connect(empty_dsn, "tests") as connection:
            assert pending(connection) == migrations()
            assert migrate(connection) == migrations()
            check(connection)
            rows = connection.execute("SELECT version FROM jobs.migration ORDER BY version")
            assert [row[0] for row in rows] == [step.version for step in migrations()]
        shop = Shop(empty_dsn)
        assert shop.double.submit(1).details().args == 1
        shop.jobs.close()

    def test_twice_is_nothing(self, connection: Connection) -> None:
        before = schema(connection)
        assert pending(connection) == []
        assert migrate(connection) == []
        assert schema(connection) == before

    def test_missing_partitions_are_made_without_a_step(self, connection: Connection) -> None:
        count = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'jobs.finished'::regclass"
        before = number(connection, count)
        for (name,) in connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'jobs.finished'::regclass ORDER BY 1 LIMIT 2"
        ).fetchall():
            schema_name, table = name.split(".")
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(schema_name, table)))
        assert migrate(connection) == []
        assert number(connection, count) == before

    def test_many_at_once_make_one_schema(self, empty_dsn: str) -> None:
        def attempt(_: int) -> int:
            with connect(empty_dsn, "tests") as connection:
                return len(migrate(connection))

        with ThreadPoolExecutor(6) as threads:
            applied = sorted(threads.map(attempt, range(6)))
        assert applied == [0, 0, 0, 0, 0, len(migrations())]
        with connect(empty_dsn, "tests") as connection:
            check(connection)
            recorded = number(connection, "SELECT count(*) FROM jobs.migration")
        assert recorded == len(migrations())

    def test_jobs_survive_it(self, shop: Shop, connection: Connection) -> None:
        submitted = shop.double.submit(21)
        migrate(connection)
        assert submitted.details().args == 21

    def test_what_workers_of_code_before_9_hold_is_performed_by_others(
        self, empty_dsn: str
    ) -> None:
        with connect(empty_dsn, "tests") as connection:
            migrate_to(connection, 8)
            connection.execute(HELD_BEFORE_9, prepare=False)
            migrate(connection)
            assert run(connection, upkeep.orphans(20)) == [7]
            (held,) = (run(connection, each) for each in executor.held(7))
            assert len(held) == 2
            for release in executor.release([claim.job_id for claim in held], 7):
                run(connection, release)
            assert not run(connection, upkeep.forget_worker(7))
            assert run(connection, upkeep.orphans(20)) == []
            claimable = "SELECT count(*) FROM jobs.job WHERE ready AND claimed_by IS NULL"
            assert number(connection, f"{claimable} AND NOT running") == 2

    def test_workers_of_code_before_9_cannot_begin(self, connection: Connection) -> None:
        with pytest.raises(psycopg.errors.NotNullViolation):
            connection.execute(
                "INSERT INTO jobs.worker (supervisor_id, slot, pid) VALUES ('older', 1, 1)"
            )

    def test_a_role_that_may_not_is_told_what_to_do(self, server_dsn: str, empty_dsn: str) -> None:
        role = sql.Identifier(f"{conninfo.conninfo_to_dict(empty_dsn)['dbname']}_guest")
        with psycopg.connect(server_dsn, autocommit=True) as administrator:
            administrator.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            try:
                with connect(empty_dsn, "tests") as connection:
                    connection.execute(sql.SQL("SET ROLE {}").format(role))
                    with pytest.raises(SchemaError, match="this role may not migrate") as caught:
                        migrate(connection)
            finally:
                administrator.execute(sql.SQL("DROP ROLE {}").format(role))
        assert "jobs-supervisor migrate --sql" in str(caught.value)

    def test_a_step_that_fails_leaves_nothing(self, empty_dsn: str) -> None:
        with connect(empty_dsn, "tests") as connection:
            connection.execute("CREATE SCHEMA jobs")
            connection.execute("CREATE TABLE jobs.finished ()")
            with pytest.raises(psycopg.errors.DuplicateTable):
                migrate(connection)
            tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'jobs'"
            assert number(connection, tables) == 1


class TestChecking:
    def test_the_schema_that_this_code_made_fits(self, connection: Connection) -> None:
        check(connection)

    @pytest.mark.parametrize(
        "statement", ["SELECT 1", "CREATE SCHEMA jobs", "CREATE SCHEMA jobs; CREATE TABLE jobs.x()"]
    )
    def test_a_missing_one(self, empty_dsn: str, statement: LiteralString) -> None:
        with connect(empty_dsn, "tests") as connection:
            connection.execute(statement, prepare=False)
            message = check_error(connection, SchemaMissing)
        assert message == "the database has no jobs schema yet; run `jobs-supervisor migrate`"

    def test_an_older_one(self, connection: Connection) -> None:
        connection.execute("UPDATE jobs.migration SET version = version - %s", [NEWEST])
        assert check_error(connection, SchemaOutdated) == (
            f"the jobs schema is at version 0 and this code needs {NEWEST};"
            " run `jobs-supervisor migrate`"
        )

    def test_a_newer_one_that_this_code_can_work_with(self, connection: Connection) -> None:
        connection.execute("INSERT INTO jobs.migration VALUES (%s, %s)", [NEWEST + 5, NEWEST])
        check(connection)
        assert pending(connection) == []
        assert migrate(connection) == []

    def test_a_newer_one_that_it_cannot_work_with(self, connection: Connection) -> None:
        connection.execute("INSERT INTO jobs.migration VALUES (%s, %s)", [NEWEST + 5, NEWEST + 1])
        message = check_error(connection, SchemaTooNew)
        assert message == (
            f"the jobs schema is at version {NEWEST + 5}, which this code (version {NEWEST})"
            " cannot work with; upgrade jobs-runtime on this host"
        )
        with pytest.raises(SchemaTooNew, match="upgrade jobs-runtime"):
            migrate(connection)


class TestScript:
    def test_it_makes_the_same_schema(self, empty_dsn: str, connection: Connection) -> None:
        with connect(empty_dsn, "tests") as other:
            other.execute(as_script(pending(other)).encode(), prepare=False)
            check(other)
            assert schema(other) == schema(connection)
            assert migrate(other) == []
            today = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'jobs.finished'::regclass"
            assert number(other, today) == number(connection, today)

    def test_it_is_one_transaction(self) -> None:
        script = as_script(migrations())
        assert script.startswith("BEGIN;\n")
        assert script.endswith("\nCOMMIT;")
        for step in migrations():
            assert f"VALUES ({step.version}, {step.readable_by});" in script

    def test_of_a_migrated_database_it_is_a_remark(self, connection: Connection) -> None:
        assert as_script(pending(connection)) == "-- up to date"


def test_steps_are_numbered_without_gaps() -> None:
    assert [step.version for step in migrations()] == list(range(1, NEWEST + 1))
    assert all(step.readable_by <= step.version for step in migrations())


def test_an_application_submits_while_another_host_migrates(
    shop: Shop, dsn: str, connection: Connection
) -> None:
    async def both() -> list[object]:
        def again() -> None:
            with connect(dsn, "tests") as other:
                migrate(other)

        migrating = asyncio.to_thread(again)
        submits = [shop.double.asubmit(arg) for arg in range(20)]
        results = await asyncio.gather(migrating, *submits)
        await shop.jobs.aclose()
        return [*results]

    assert len(asyncio.run(both())) == 21
    assert number(connection, "SELECT count(*) FROM jobs.job") == 20
