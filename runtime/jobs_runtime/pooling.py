"""Takes a connection from a pool that the server has not closed meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from jobs_runtime.executors.direct import DirectConnection, arrivals
from jobs_runtime.unusable import UNUSABLE, unusable

AsyncOne = TypeVar("AsyncOne", bound=psycopg.AsyncConnection[Any])


class Usable:
    """A connection for a block; as many as were idle may have to go first.

    No generator: a submit of one job is short enough for that to be seen.

    Raises:
        SchemaMissing: the database has not been migrated.
        DatabaseUnavailable: none was free in time, or it broke.
    """

    def __init__(self, pool: ConnectionPool[DirectConnection]) -> None:
        self._pool = pool

    def __enter__(self) -> DirectConnection:
        try:
            while (connection := self._pool.getconn()).arrivals.poll(0):
                connection.close()
                self._pool.putconn(connection)
        except UNUSABLE as error:
            raise unusable(error) from error
        self._connection = connection
        return connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.putconn(self._connection)
        if isinstance(error, UNUSABLE):
            raise unusable(error) from error


@asynccontextmanager
async def ausable(pool: AsyncConnectionPool[AsyncOne]) -> AsyncGenerator[AsyncOne]:
    """As `Usable`, from a coroutine."""
    while True:
        async with pool.connection() as connection:
            if not arrivals(connection).poll(0):
                yield connection
                return
            await connection.close()
