"""Takes a connection from a pool that the server has not closed meanwhile."""

from __future__ import annotations

import select
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool

One = TypeVar("One", bound=psycopg.Connection[Any])
AsyncOne = TypeVar("AsyncOne", bound=psycopg.AsyncConnection[Any])


@contextmanager
def usable(pool: ConnectionPool[One]) -> Generator[One]:
    """A connection for a block; as many as were idle may have to go first."""
    while True:
        with pool.connection() as connection:
            if not _readable(connection.fileno()):
                yield connection
                return
            connection.close()


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
