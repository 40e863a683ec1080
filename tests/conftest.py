"""A real Postgres for every test: `DATABASE_URL` if it is set, else the embedded one.

One server a run; a database of its own for every test, copied from a migrated template.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import conninfo, sql

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.postgres.migrate import migrate
from jobs_supervisor.embedded import EmbeddedDatabase

# `make test` must say the same twice; `HYPOTHESIS_PROFILE=default pytest` looks for new examples.
# A machine that stalls must not fail them: they say what is so, not how fast.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

EXTERNAL = os.environ.pop("DATABASE_URL", None)

# In the background of a script it would be ignored, by the processes that tests start, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """A server on which databases may be created."""
    if EXTERNAL:
        yield EXTERNAL
        return
    directory = Path(tempfile.mkdtemp(prefix="jobs-tests-"))
    database = EmbeddedDatabase(directory / "postgres")
    with _administrator(database.dsn) as administrator:
        # It needs to survive no loss of power, and makes a database for every test.
        administrator.execute("ALTER SYSTEM SET fsync = off")
        administrator.execute("SELECT pg_reload_conf()")
    yield database.dsn
    database.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server_dsn: str) -> Iterator[str]:
    """The name of a migrated database to copy."""
    name = f"jobs_template_{uuid4().hex[:8]}"
    with _administrator(server_dsn) as administrator:
        administrator.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with connect(_with_database(server_dsn, name), "tests") as connection:
            migrate(connection)
        yield name
        administrator.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


@pytest.fixture
def empty_dsn(server_dsn: str) -> Iterator[str]:
    """A database of its own, without the schema."""
    yield from _database(server_dsn, "template1")


@pytest.fixture
def dsn(server_dsn: str, template: str) -> Iterator[str]:
    """A migrated database of its own."""
    yield from _database(server_dsn, template)


@pytest.fixture
def connection(dsn: str) -> Iterator[Connection]:
    """A connection to the test's database."""
    with connect(dsn, "tests") as connection:
        yield connection


def _database(server_dsn: str, template: str) -> Iterator[str]:
    name = sql.Identifier(f"jobs_test_{uuid4().hex[:12]}")
    with _administrator(server_dsn) as administrator:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        administrator.execute(create.format(name, sql.Identifier(template)))
        yield _with_database(server_dsn, name.as_string().strip('"'))
        administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _administrator(server_dsn: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server_dsn, autocommit=True)


def _with_database(dsn: str, name: str) -> str:
    return conninfo.make_conninfo(dsn, dbname=name)
