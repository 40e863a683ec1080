"""A worker's connection that is lost, and what the role or the database would impose on it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_supervisor.counters import Layout, Row, WorkerCounters
from jobs_supervisor.worker.delivery import Delivery
from jobs_supervisor.worker.link import ConnectionLost, Link
from tests.integration.databases import imposed
from tests.support.pool import eventually

SESSION = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jobs: its link'"
WAITS = f"{SESSION} AND wait_event_type = 'Lock'"


@pytest.fixture
def link(dsn: str) -> Iterator[Link]:
    link = Link(dsn, "jobs: its link", lambda _: False)
    assert link.connect()
    yield link
    link.close()


def one(connection: Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def cut(link: Link) -> None:
    """End the link's socket, as a firewall would."""
    held = link._connection  # pyright: ignore[reportPrivateUsage]
    assert held is not None
    with socket.socket(fileno=os.dup(held.fileno())) as theirs:
        theirs.shutdown(socket.SHUT_RDWR)


def test_the_session_before_has_ended_when_the_next_begins(
    link: Link, dsn: str, connection: Connection
) -> None:
    """A claim of it that committed later would be on record before one of the next session."""
    statement = b"INSERT INTO jobs.claim (incarnation, ids) VALUES (7, '{1}') RETURNING number"
    claim = Operation(statement, {}, lambda rows: rows)
    with psycopg.connect(dsn) as other:
        other.execute("LOCK TABLE jobs.claim IN SHARE MODE")

        with ThreadPoolExecutor(1) as thread:
            lost = thread.submit(link.run, [claim])
            eventually(lambda: one(connection, WAITS) == 1, 5, "the claim waits")
            cut(link)
            assert isinstance(lost.exception(5), ConnectionLost)
        began = time.monotonic()
        assert link.connect()
        assert time.monotonic() - began < 2
        assert (one(connection, SESSION), one(connection, WAITS)) == (1, 0)
    assert one(connection, "SELECT count(*) FROM jobs.claim") == 0


def test_a_key_that_stays_taken_is_no_reason_to_try_for_ever(link: Link) -> None:
    pause = b"INSERT INTO jobs.pause (kind, name) VALUES ('queue', 'post')"
    insert = Operation(pause, {}, lambda rows: rows)
    began = time.monotonic()
    with pytest.raises(psycopg.errors.UniqueViolation):
        link.run([insert, insert])
    assert time.monotonic() - began < 10


def test_limits_of_the_database_are_not_a_workers(dsn: str, connection: Connection) -> None:
    limits = {
        "statement_timeout": "10",
        "lock_timeout": "10",
        "default_transaction_isolation": "repeatable read",
    }
    with imposed(connection, **limits), connect(dsn, "tests") as held:
        found = [one(held, f"SHOW {name}") for name in limits]
    assert found == ["0", "0", "read committed"]


def test_a_worker_that_cannot_begin_pauses_between_its_tries(
    dsn: str, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    ends = time.monotonic() + 1
    layout = Layout([])
    cells = memoryview(bytearray(8 * layout.width)).cast("d")
    executor = PostgresExecutor()
    delivery = Delivery(
        dsn,
        "worker 1",
        executor,
        WorkerCounters(Row(layout, cells)),
        gave_up=lambda _: time.monotonic() > ends,
        on_lost=lambda _: None,
    )
    with imposed(connection, default_transaction_read_only="on"):
        assert not delivery.open(executor.register_worker("nobody", 1, 1))
    delivery.close()
    assert 1 <= len(caplog.records) <= 8
    assert "worker 1 cannot begin: cannot execute INSERT in a read-only" in caplog.text
