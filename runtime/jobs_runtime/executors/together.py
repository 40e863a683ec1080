"""Operations in one round trip, straight on libpq's pipeline mode: half the CPU time of cursors.

All are sent at once, so that the server is woken once, and it answers once they are committed.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from contextlib import closing
from typing import Any, NamedTuple, cast

import psycopg
from psycopg import adapt, errors
from psycopg.abc import Transformer
from psycopg.adapt import PyFormat
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

from jobs_runtime.executors.direct import DirectConnection
from jobs_runtime.executors.numbered import numbered, prepared_name
from jobs_runtime.executors.operation import Operation, Row, run

PREPARED, FAILED = ExecStatus.COMMAND_OK, ExecStatus.FATAL_ERROR
END, BROKEN = ExecStatus.PIPELINE_SYNC, ConnStatus.BAD
BINARY = Format.BINARY


class _Request(NamedTuple):
    """An operation as it is sent; without a name the statement is not prepared."""

    name: bytes | None
    sql: bytes
    values: Sequence[Any]
    types: tuple[int, ...]
    formats: Sequence[Any]


def run_together(
    connection: psycopg.Connection[Any], operations: Sequence[Operation[Any]]
) -> list[Any]:
    """Run operations in one round trip and, on an autocommit connection, in one transaction.

    What one of them leads to is run after it. Notifications that arrive meanwhile stay with libpq.
    No other thread may use the connection.

    Raises:
        psycopg.Error: one of them failed, and none was done.
        psycopg.OperationalError: the connection broke, and they may have been done or not.
    """
    direct = isinstance(connection, DirectConnection)
    adapter = connection.adapter if direct else adapt.Transformer(connection)
    prepares = direct and connection.prepare_threshold is not None
    requests = [_request(adapter, operation, prepares=prepares) for operation in operations]
    results = _exchange(connection, requests)
    found = [
        operation.read(_rows(adapter, result))
        for operation, result in zip(operations, results, strict=True)
    ]
    return [
        run(connection, cast("Operation[Any]", each)) if isinstance(each, Operation) else each
        for each in found
    ]


def _request(adapter: Transformer, operation: Operation[Any], *, prepares: bool) -> _Request:
    statement, given = numbered(operation.sql), operation.parameters
    values = [given[key] for key in statement.keys]
    dumped = adapter.dump_sequence(values, [PyFormat.AUTO] * len(values))
    types = adapter.types or ()
    name = prepared_name(statement.sql, types) if prepares else None
    return _Request(name, statement.sql, dumped, types, adapter.formats or ())


def _exchange(
    connection: psycopg.Connection[Any], requests: Sequence[_Request]
) -> Sequence[PGresult]:
    server = connection.pgconn
    prepared = connection.prepared if isinstance(connection, DirectConnection) else set[bytes]()
    results: list[PGresult] = []
    try:
        fresh = _send(server, requests, prepared)
        _wait(server, results)
    except psycopg.OperationalError:
        with closing(connection):  # in the middle of an exchange it is of no more use
            _complain(connection, results)  # what the server said last is the better reason
            raise
    server.exit_pipeline_mode()
    prepared.update(
        name for name, result in zip(fresh, results, strict=False) if result.status == PREPARED
    )
    _complain(connection, results)
    return results[len(fresh) :]


def _send(server: PGconn, requests: Sequence[_Request], prepared: set[bytes]) -> list[bytes]:
    """Hand everything to libpq; gives the names of what is to be prepared for it."""
    fresh: list[bytes] = []
    server.enter_pipeline_mode()
    for name, sql, _values, types, _formats in requests:
        if name is not None and name not in prepared and name not in fresh:
            server.send_prepare(name, sql, types)
            fresh.append(name)
    for name, sql, values, types, formats in requests:
        if name is None:
            server.send_query_params(sql, values, types, formats, BINARY)
        else:
            server.send_query_prepared(name, values, formats, BINARY)
    server.pipeline_sync()
    return fresh


def _complain(connection: psycopg.Connection[Any], results: Sequence[PGresult]) -> None:
    for result in results:
        if result.status == FAILED:
            raise errors.error_from_result(result, connection.info.encoding)


def _wait(server: PGconn, results: list[PGresult]) -> None:
    """Send what is not sent yet, and wait until everything is answered."""
    poller = select.poll()
    poller.register(server.socket, select.POLLIN | select.POLLOUT)
    while server.flush():
        ((_, event),) = poller.poll()
        if event & ~select.POLLOUT:
            server.consume_input()
    poller.modify(server.socket, select.POLLIN)
    while True:
        while server.is_busy():
            poller.poll()
            server.consume_input()
        result = server.get_result()
        if result is not None:
            if result.status == END:
                return
            results.append(result)
        if server.status == BROKEN:
            raise psycopg.OperationalError(server.get_error_message())


def _rows(adapter: Transformer, result: PGresult) -> list[Row]:
    if not result.nfields:
        return []
    adapter.set_pgresult(result)
    return adapter.load_rows(0, result.ntuples, tuple)
