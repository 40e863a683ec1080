"""A server that is restarted, or lost to its standby: everybody is back within seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from psycopg import conninfo

from jobs_runtime.database import Connection, connect
from tests.apps import hosts
from tests.faults.ledger import assert_each_tick_once, reconnected, ticks
from tests.support.pool import Pool, eventually
from tests.support.server import Server, servers

JOBS = 300


@pytest.fixture
def primary_and_standby() -> Iterator[tuple[Server, Server]]:
    """A commit is on both servers before it is acknowledged."""
    with servers(2) as (primary, standby):
        primary.create()
        standby.follow(primary)
        with connect(primary.dsn, "tests") as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
        yield primary, standby


def completed(connection: Connection) -> int:
    row = connection.execute(
        "SELECT count(*) FROM jobs.finished WHERE name = 'work' AND state = 'completed'"
    ).fetchone()
    assert row is not None
    return row[0]


def test_a_restart_and_a_failover_lose_nothing_and_repeat_nothing(
    primary_and_standby: tuple[Server, Server],
) -> None:
    primary, standby = primary_and_standby
    dsn = conninfo.make_conninfo(
        host="127.0.0.1,127.0.0.1",
        port=f"{primary.port},{standby.port}",
        user="postgres",
        dbname="postgres",
        target_session_attrs="read-write",
    )
    pool = Pool(dsn)
    hosts.jobs.database.given_dsn = dsn
    try:
        both = [pool.start(app="tests.apps.hosts", workers=1) for _ in range(2)]
        hosts.work.submit_many([0.05] * JOBS)
        hosts.jobs.close()
        goes_on_after(lambda: _restart(primary), dsn)
        goes_on_after(lambda: _fail_over(primary, standby), dsn)
        with reconnected(dsn, 5) as connection:
            eventually(lambda: completed(connection) == JOBS, 60, "every job is performed")
            for running in both:
                assert running.stop() == 0
            assert completed(connection) == JOBS
            assert_each_tick_once(connection, 5)
    finally:
        hosts.jobs.close()
        pool.stop_all()


def goes_on_after(fault: Callable[[], object], dsn: str) -> None:
    """Assert that jobs and ticks are back within 5 s of the moment when the server is."""
    with connect(dsn, "tests") as connection:
        eventually(lambda: len(ticks(connection)) >= 2, 15, "it ticks")
        eventually(lambda: completed(connection) >= 5, 15, "it works")
    fault()
    with reconnected(dsn, 30) as connection:
        done, last = completed(connection), ticks(connection)[-1]
        began = time.monotonic()
        eventually(lambda: completed(connection) >= done + 2, 10, "jobs are performed again")
        eventually(lambda: ticks(connection)[-1] > last, 10, "it ticks again")
        assert time.monotonic() - began < 5


def _restart(primary: Server) -> None:
    primary.stop("fast")
    primary.start()


def _fail_over(primary: Server, standby: Server) -> None:
    primary.crash()
    standby.promote()
