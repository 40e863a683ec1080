"""Takes a connection from a pool that the server has not closed meanwhile."""

from __future__ import annotations

import select
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool

One = TypeVar("One", bound=psycopg.Connection[Any])
AsyncOne = TypeVar("AsyncOne", bound=psycopg.AsyncConnection[Any])


class Usable(Generic[One]):
    """A connection for a block; as many as were idle may have to go first.

    No generator: a submit of one job is short enough for that to be seen.
    """

    def __init__(self, pool: ConnectionPool[One]) -> None:
        self._pool = pool

    def __enter__(self) -> One:
        while _readable((connection := self._pool.getconn()).fileno()):
            connection.close()
            self._pool.putconn(connection)
        self._connection = connection
        return connection

    def __exit__(self, *error: object) -> None:
        self._pool.putconn(self._connection)


@asynccontextmanager
async def ausable(pool: AsyncConnectionPool[AsyncOne]) -> AsyncGenerator[AsyncOne]:
    """As `usable`, from a coroutine."""
    while True:
        async with pool.connection() as connection:
            if not _readable(connection.fileno()):
                yield connection
                return
            await connection.close()


def _readable(descriptor: int) -> bool:
    # An idle connection has nothing to read unless the server said goodbye.
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(0))
