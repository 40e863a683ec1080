"""An operation is a value: SQL, parameters, and how to read the rows.

So the same statement serves a sync and an async connection, alone or in a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Generic, TypeVar, cast

import psycopg
from psycopg.pq import Format
from psycopg.rows import tuple_row

from jobs_runtime.executors.copying import Copy

Result = TypeVar("Result")
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Operation(Generic[Result]):
    """One statement, ready to be run on any connection.

    Attributes:
        sql: the statement, with named placeholders.
        parameters: a value for each placeholder.
        read: makes the result of all the rows that came back, or the operation that gives it.
        untyped: whether the server knows the types of its parameters by itself, none holds a zero
            byte, and `read` takes rows of text as well.
    """

    sql: bytes
    parameters: Mapping[str, object]
    read: Callable[[list[Row]], Result | Operation[Result]]
    untyped: bool = False


def load_sql(package: str, name: str) -> bytes:
    """Read the statement `name`.sql that lies beside the modules of `package`."""
    return resources.files(package).joinpath(f"{name}.sql").read_bytes()


def nothing(rows: list[Row]) -> None:
    """Read no rows."""


def scalar(rows: list[Row]) -> Any:
    """Read the only value of the only row."""
    return rows[0][0]


def first(rows: list[Row]) -> list[Any]:
    """Read the first value of every row."""
    return [row[0] for row in rows]


def run(connection: psycopg.Connection[Any], operation: Operation[Result]) -> Result:
    """Run one operation, and those that it leads to, and read the result."""
    while True:
        with _cursor(connection) as cursor:
            cursor.execute(operation.sql, operation.parameters)
            found = operation.read(cursor.fetchall() if _has_rows(cursor) else [])
        if not isinstance(found, Operation):
            return found
        operation = cast("Operation[Result]", found)


async def arun(connection: psycopg.AsyncConnection[Any], operation: Operation[Result]) -> Result:
    """As `run`, on an async connection."""
    while True:
        async with _async_cursor(connection) as cursor:
            await cursor.execute(operation.sql, operation.parameters)
            found = operation.read(await cursor.fetchall() if _has_rows(cursor) else [])
        if not isinstance(found, Operation):
            return found
        operation = cast("Operation[Result]", found)


def copy(connection: psycopg.Connection[Any], batch: Copy | Operation[None]) -> None:
    """Bring many rows in: stream those of a `Copy`, or run the operation that has them all."""
    if isinstance(batch, Operation):
        run(connection, batch)
        return
    with connection.cursor() as cursor, cursor.copy(batch.sql) as stream:
        for block in batch.blocks():
            stream.write(block)


async def acopy(connection: psycopg.AsyncConnection[Any], batch: Copy | Operation[None]) -> None:
    """As `copy`, on an async connection."""
    if isinstance(batch, Operation):
        await arun(connection, batch)
        return
    async with connection.cursor() as cursor, cursor.copy(batch.sql) as stream:
        for block in batch.blocks():
            await stream.write(block)


def _has_rows(cursor: psycopg.Cursor[Any] | psycopg.AsyncCursor[Any]) -> bool:
    # Asking for the cursor's description would make one of every column.
    return cursor.pgresult is not None and cursor.pgresult.nfields > 0


def _cursor(connection: psycopg.Connection[Any]) -> psycopg.Cursor[Row]:
    # Of the plain kind: those that a caller's connection makes may read no binary rows (Django's)
    # or no named placeholders.
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    cursor.format = Format.BINARY
    return cursor


def _async_cursor(connection: psycopg.AsyncConnection[Any]) -> psycopg.AsyncCursor[Row]:
    if not isinstance(connection, psycopg.AsyncConnection):  # pyright: ignore[reportUnnecessaryIsInstance] -- a sandbox's
        return connection.cursor(binary=True, row_factory=tuple_row)
    cursor = psycopg.AsyncCursor(connection, row_factory=tuple_row)
    cursor.format = Format.BINARY
    return cursor
