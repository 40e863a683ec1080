"""A sound installation, and a database on which nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.postgres.migrate import migrate
from tests.apps import basic
from tests.support.pool import Pool, Running, eventually
from tests.support.server import Server


@pytest.fixture(scope="module")
def sound(tcp_server: Server) -> Iterator[tuple[Pool, Running]]:
    """A pool of three workers with nothing to do."""
    pool = Pool(tcp_server.dsn)
    basic.jobs.database.given_dsn = tcp_server.dsn
    running = pool.start(app="tests.apps.basic", workers=3)
    eventually(lambda: "this scheduler leads" in running.log, 10, "it leads")
    yield pool, running
    basic.jobs.close()
    pool.stop_all()


@pytest.fixture
def dsn(tcp_server: Server, sound: tuple[Pool, Running], monkeypatch: pytest.MonkeyPatch) -> str:
    """The database of the sound pool, which is this user's only one."""
    monkeypatch.setenv("JOBS_RUN_DIR", str(sound[0].directory))
    return tcp_server.dsn


@pytest.fixture
def lonely(
    tcp_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    """A migrated database on which nothing runs."""
    monkeypatch.setenv("JOBS_RUN_DIR", str(tmp_path))
    with psycopg.connect(tcp_server.dsn, autocommit=True) as administrator:
        administrator.execute("CREATE DATABASE lonely")
        with connect(
            conninfo.make_conninfo(tcp_server.dsn, dbname="lonely"), "tests"
        ) as connection:
            migrate(connection)
            yield connection
        administrator.execute("DROP DATABASE lonely WITH (FORCE)")
