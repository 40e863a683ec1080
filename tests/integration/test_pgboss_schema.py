from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs_runtime.database import connect
from jobs_runtime.errors import SchemaError, SchemaMissing
from jobs_runtime.executors.pgboss.schema import Mode, check, create, read
from jobs_runtime.executors.pgboss.schema.fitness import NEEDED


def test_it_is_made_once_whoever_comes_first(empty_dsn: str) -> None:
    def make(_: int) -> bool:
        with connect(empty_dsn, "tests") as connection:
            return create(connection, "pgboss")

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(make, range(4))) == [False, False, False, True]
    with connect(empty_dsn, "tests") as connection:
        assert check(connection, "pgboss").mode is Mode.FULL


def test_several_live_side_by_side(empty_dsn: str) -> None:
    with connect(empty_dsn, "tests") as connection:
        assert create(connection, "MyBoss")
        assert read(connection, "MyBoss") == read(connection, "myboss") == 20
        with pytest.raises(SchemaMissing, match="'other'"):
            check(connection, "other")
        assert create(connection, "other")
        assert not create(connection, "myboss")


def test_half_of_it_is_not_touched(empty_dsn: str) -> None:
    with connect(empty_dsn, "tests") as connection:
        connection.execute("CREATE SCHEMA pgboss")
        connection.execute("CREATE TABLE pgboss.job (id int)")
        with pytest.raises(SchemaError, match="has some of pg-boss's tables"):
            create(connection, "pgboss")
        with pytest.raises(SchemaMissing):
            check(connection, "pgboss")


def test_what_the_role_may_not_is_said(empty_dsn: str) -> None:
    with connect(empty_dsn, "tests") as connection:
        connection.execute("DROP ROLE IF EXISTS nobody_of_pgboss")
        connection.execute("CREATE ROLE nobody_of_pgboss")
        connection.execute("SET ROLE nobody_of_pgboss")
        with pytest.raises(SchemaError, match="may not make the schema 'pgboss'"):
            create(connection, "pgboss")
        connection.execute("RESET ROLE")
        create(connection, "pgboss")
        connection.execute("SET ROLE nobody_of_pgboss")
        with pytest.raises(SchemaError, match="may not use the schema 'pgboss'"):
            check(connection, "pgboss")
        connection.execute("RESET ROLE")
        connection.execute("DROP ROLE nobody_of_pgboss")


def test_those_of_later_versions_are_known_by_their_columns(empty_dsn: str) -> None:
    with connect(empty_dsn, "tests") as connection:
        create(connection, "pgboss")
        connection.execute("UPDATE pgboss.version SET version = 46")
        with pytest.raises(SchemaError, match=r"lacks job\.retry_limit"):
            check(connection, "pgboss")
        for table, names in NEEDED[Mode.WORKER].items():
            make = f"CREATE TABLE IF NOT EXISTS pgboss.{table} ();"
            for name in names.split():
                make += f"ALTER TABLE pgboss.{table} ADD COLUMN IF NOT EXISTS {name} text;"
            connection.execute(make.encode(), prepare=False)
        fitness = check(connection, "pgboss")
        assert (fitness.mode, fitness.layout.queued) == (Mode.WORKER, True)
        assert not fitness.layout.has("job.blocked")
