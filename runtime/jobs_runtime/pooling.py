"""Takes a connection from a pool that the server has not closed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

from jobs_runtime.errors import DatabaseUnavailable
from jobs_runtime.executors.direct import DirectConnection, arrivals
from jobs_runtime.unusable import DEMOTED, UNUSABLE, unusable

AsyncOne = TypeVar("AsyncOne", bound=psycopg.AsyncConnection[Any])

ASKING = 2
"""Seconds for asking the server itself why a pool has no connection to it; libpq takes no less."""


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
        except PoolTimeout as error:
            raise _none_in_time(self._pool, _refusal(str(self._pool.conninfo))) from error
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
        if isinstance(error, DEMOTED):
            self._connection.close()
        self._pool.putconn(self._connection)
        if isinstance(error, UNUSABLE):
            raise unusable(error) from error


@asynccontextmanager
async def ausable(pool: AsyncConnectionPool[AsyncOne]) -> AsyncGenerator[AsyncOne]:
    """As `Usable`, from a coroutine; other errors are the caller's to put into words."""
    try:
        while True:
            async with pool.connection() as connection:
                if not arrivals(connection).poll(0):
                    try:
                        yield connection
                    except DEMOTED:
                        await connection.close()
                        raise
                    return
                await connection.close()
    except PoolTimeout as error:
        refusal = await asyncio.to_thread(_refusal, str(pool.conninfo))
        raise _none_in_time(pool, refusal) from error


def _refusal(conninfo: str) -> str | None:
    """What the server says to one more connection; None if it takes that."""
    try:
        psycopg.connect(conninfo, connect_timeout=ASKING).close()
    except psycopg.OperationalError as error:
        return " ".join(str(error).split())
    return None


def _none_in_time(
    pool: ConnectionPool[Any] | AsyncConnectionPool[Any], refusal: str | None
) -> DatabaseUnavailable:
    reason = refusal or f"all {pool.max_size} of this process are in use"
    return DatabaseUnavailable(f"no connection to the database in {pool.timeout:g} s: {reason}")
