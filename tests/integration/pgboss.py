"""pg-boss's tables in a test's database."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from jobs_runtime.database import Connection
from jobs_runtime.executors.pgboss.schema import create


@contextmanager
def tables(connection: Connection) -> Generator[Connection]:
    """Make them for a block."""
    create(connection, "pgboss")
    yield connection
    connection.execute("DROP SCHEMA pgboss CASCADE", prepare=False)


def insert(connection: Connection, table: str = "job", **columns: object) -> str:
    """Insert a row; gives its id."""
    names = ", ".join(columns)
    values = ", ".join(f"%({name})s" for name in columns)
    row = connection.execute(
        f"INSERT INTO pgboss.{table} ({names}) VALUES ({values}) RETURNING id::text".encode(),
        columns,
        prepare=False,
    ).fetchone()
    assert row is not None
    return row[0]


def column(connection: Connection, sql: str, *parameters: object) -> list[Any]:
    """The first column of a query."""
    return [row[0] for row in connection.execute(sql.encode(), parameters, prepare=False)]
