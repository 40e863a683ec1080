"""One statement by libpq's own blocking call: a third of the CPU time that a cursor takes for it.

For what an application runs thousands of times a second on connections of its own.
"""

from __future__ import annotations

import select
from typing import Any, cast

import psycopg
from psycopg import adapt, waiting
from psycopg.abc import Transformer
from psycopg.pq import ExecStatus

from jobs_runtime.executors.numbered import Numbered, numbered, prepared_name
from jobs_runtime.executors.operation import Operation, Result, Row, run

BLOCKING = waiting.wait is getattr(waiting, "wait_c", None)
"""Whether psycopg itself waits in C; otherwise a library (gevent) wants to wait for us."""

PREPARED, ROWS = ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK


class DirectConnection(psycopg.Connection[Row]):
    """A connection of our own, on which statements are prepared under names of ours.

    Attributes:
        prepared: names of the statements that were prepared on it here.
        encoding: what Python calls the encoding in which text is sent and comes.
        arrivals: see `arrivals`.
        adapter: what `run_together` makes values to send and reads rows with.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepared: set[bytes] = set()
        self.encoding = self.info.encoding
        self.arrivals = arrivals(self)
        self.adapter: Transformer = adapt.Transformer(self)


def arrivals(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> select.poll:
    """What says whether something has come that was not read; if idle, it can but be a goodbye."""
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return poller


def run_directly(connection: psycopg.Connection[Any], operation: Operation[Result]) -> Result:
    """Run one operation as a transaction of its own, the quick way where that can be.

    A signal is then heeded once the server has answered.
    """
    if not (BLOCKING and operation.untyped and isinstance(connection, DirectConnection)):
        return run(connection, operation)
    statement, given = numbered(operation.sql), operation.parameters
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
    connection.prepared.discard(prepared_name(statement.sql))
    return run(connection, operation)


def _execute(
    connection: DirectConnection, statement: Numbered, values: list[bytes | None]
) -> psycopg.pq.abc.PGresult:
    server = connection.pgconn
    if connection.prepare_threshold is None:
        return server.exec_params(statement.sql, values)
    name = prepared_name(statement.sql)
    if name not in connection.prepared:
        prepared = server.prepare(name, statement.sql)
        if prepared.status != PREPARED:
            return prepared
        connection.prepared.add(name)
    # A null is None here too, though its type does not say so.
    return server.exec_prepared(name, values)  # pyright: ignore[reportArgumentType]


def _rows(result: psycopg.pq.abc.PGresult, encoding: str) -> list[Row]:
    columns = range(result.nfields)
    return [
        tuple(
            None if (value := result.get_value(row, column)) is None else value.decode(encoding)
            for column in columns
        )
        for row in range(result.ntuples)
    ]
