"""One statement by libpq's own blocking call: a third of the CPU time that a cursor takes for it.

For what an application runs thousands of times a second on connections of its own.
"""

from __future__ import annotations

import re
import select
from functools import lru_cache
from typing import Any, NamedTuple, cast

import psycopg
from psycopg import waiting
from psycopg.pq import ExecStatus

from jobs_runtime.executors.operation import Operation, Result, Row, run

BLOCKING = waiting.wait is getattr(waiting, "wait_c", None)
"""Whether psycopg itself waits in C; otherwise a library (gevent) wants to wait for us."""

PLACEHOLDER = re.compile(rb"%\((\w+)\)s")
PREPARED, ROWS = ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK


class DirectConnection(psycopg.Connection[Row]):
    """A connection whose transactions are single statements.

    Attributes:
        prepared: names of the statements that were prepared on it here.
        encoding: what Python calls the encoding in which text is sent and comes.
        arrivals: see `arrivals`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepared: set[bytes] = set()
        self.encoding = self.info.encoding
        self.arrivals = arrivals(self)


def arrivals(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> select.poll:
    """What says whether something has come that was not read; if idle, it can but be a goodbye."""
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return poller


class _Statement(NamedTuple):
    """As the server reads it: with numbered parameters, in the order of `keys`."""

    name: bytes
    sql: bytes
    keys: tuple[str, ...]


def run_directly(connection: psycopg.Connection[Any], operation: Operation[Result]) -> Result:
    """Run one operation as a transaction of its own, the quick way where that can be.

    A signal is then heeded once the server has answered.
    """
    if not (BLOCKING and operation.untyped and isinstance(connection, DirectConnection)):
        return run(connection, operation)
    statement, given = _numbered(operation.sql), operation.parameters
    encoding = connection.encoding
    values = [
        None if (value := given[key]) is None else str(value).encode(encoding)
        for key in statement.keys
    ]
    result = _execute(connection, statement, values)
    if result.status == ROWS:
        found = operation.read(_rows(result, encoding))
        return (
            run(connection, cast("Operation[Result]", found))
            if isinstance(found, Operation)
            else found
        )
    # It left nothing behind, so it may be repeated: psycopg knows how to say why it failed.
    connection.prepared.discard(statement.name)
    return run(connection, operation)


def _execute(
    connection: DirectConnection, statement: _Statement, values: list[bytes | None]
) -> psycopg.pq.abc.PGresult:
    server = connection.pgconn
    if connection.prepare_threshold is None:
        return server.exec_params(statement.sql, values)
    if statement.name not in connection.prepared:
        prepared = server.prepare(statement.name, statement.sql)
        if prepared.status != PREPARED:
            return prepared
        connection.prepared.add(statement.name)
    # A null is None here too, though its type does not say so.
    return server.exec_prepared(statement.name, values)  # pyright: ignore[reportArgumentType]


def _rows(result: psycopg.pq.abc.PGresult, encoding: str) -> list[Row]:
    columns = range(result.nfields)
    return [
        tuple(
            None if (value := result.get_value(row, column)) is None else value.decode(encoding)
            for column in columns
        )
        for row in range(result.ntuples)
    ]


@lru_cache(maxsize=16)
def _numbered(sql: bytes) -> _Statement:
    keys = list(dict.fromkeys(PLACEHOLDER.findall(sql)))
    numbered = PLACEHOLDER.sub(lambda match: b"$%d" % (keys.index(match[1]) + 1), sql)
    return _Statement(
        b"jobs_%x" % (hash(sql) & 0xFFFFFFFF), numbered, tuple(key.decode() for key in keys)
    )
