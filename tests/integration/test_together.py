"""Operations in one round trip: what comes back, what fails, and what a lost connection leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.direct import DirectConnection
from jobs_runtime.executors.operation import Operation, Row
from jobs_runtime.executors.together import run_together


def _rows(rows: list[Row]) -> list[Row]:
    return rows


def asking(sql: str, **parameters: object) -> Operation[list[Row]]:
    return Operation(sql.encode(), parameters, _rows)


ONE = asking("SELECT 1")
INSERT = "INSERT INTO jobs.job (queue, name) VALUES (%(queue)s, %(queue)s) RETURNING queue"


@pytest.fixture(params=[0, None], ids=["prepared", "behind a pooler"])
def own(dsn: str, request: pytest.FixtureRequest) -> Iterator[DirectConnection]:
    """As a worker's: statements are prepared at their first use, or never."""
    with connect(dsn, "together") as connection:
        assert isinstance(connection, DirectConnection)
        connection.prepare_threshold = request.param
        yield connection


def waiting(connection: Connection) -> list[Any]:
    return [row[0] for row in connection.execute("SELECT queue FROM jobs.job ORDER BY id")]


def test_each_is_answered_in_its_order(own: DirectConnection) -> None:
    operations = [
        asking("SELECT %(number)s::int + %(number)s::int, 7 %% 4", number=3),
        asking("SELECT %(word)s::text, %(none)s::text", word="naïve ☃ %s", none=None),
        asking("DELETE FROM jobs.job"),
        asking("SELECT unnest(%(words)s::text[])", words=["a", None, 'b"']),
    ]
    expected = [[(6, 3)], [("naïve ☃ %s", None)], [], [("a",), (None,), ('b"',)]]
    assert run_together(own, operations) == expected
    assert run_together(own, operations) == expected


def test_a_statement_may_occur_twice(own: DirectConnection, connection: Connection) -> None:
    run_together(own, [asking(INSERT, queue="a"), asking(INSERT, queue="b")])
    assert waiting(connection) == ["a", "b"]


def test_what_an_operation_leads_to_is_run(own: DirectConnection) -> None:
    leading: Operation[list[Row]] = Operation(b"SELECT 1", {}, lambda _: ONE)
    assert run_together(own, [leading, ONE]) == [[(1,)], [(1,)]]


def test_if_one_fails_none_is_done(own: DirectConnection, connection: Connection) -> None:
    wrong = asking("SELECT 1 / %(number)s::int", number=0)
    for _ in range(2):
        with pytest.raises(psycopg.errors.DivisionByZero):
            run_together(own, [asking(INSERT, queue="a"), wrong, asking(INSERT, queue="b")])
        assert waiting(connection) == []
        assert run_together(own, [ONE]) == [[(1,)]]


def test_a_statement_that_is_no_sql_spoils_nothing(own: DirectConnection) -> None:
    for _ in range(2):
        with pytest.raises(psycopg.errors.SyntaxError):
            run_together(own, [ONE, asking("SELEKT"), asking("SELECT 2")])
    assert run_together(own, [asking("SELECT 2"), ONE]) == [[(2,)], [(1,)]]


def test_much_goes_both_ways_at_once(own: DirectConnection) -> None:
    """More than the socket holds: whoever only wrote, or only read, would wait for ever."""
    large = asking("SELECT %(text)s::text", text="x" * 4_000_000)
    for answer in run_together(own, [large] * 5):
        assert len(answer[0][0]) == 4_000_000


def test_a_connection_that_breaks_says_so(own: DirectConnection, connection: Connection) -> None:
    server = own.info.backend_pid
    leaving = asking("SELECT pg_terminate_backend(%(pid)s::int), pg_sleep(60)", pid=server)
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError, match="terminating connection"):
        run_together(own, [asking(INSERT, queue="a"), leaving, ONE])
    assert time.monotonic() - began < 30
    with pytest.raises(psycopg.OperationalError):
        run_together(own, [ONE])
    assert waiting(connection) == []


def test_a_connection_that_cannot_send_is_closed(own: DirectConnection) -> None:
    own.pgconn.send_query(b"SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="pipeline mode"):
        run_together(own, [ONE])
    assert own.closed
