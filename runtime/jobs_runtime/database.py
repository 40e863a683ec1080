"""Connections to Postgres: the application's pools, sync and async, and single connections."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any
from weakref import WeakKeyDictionary, finalize

import psycopg
from psycopg import sql
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from jobs_runtime.dsn import resolve_dsn
from jobs_runtime.executors.direct import DirectConnection
from jobs_runtime.pooling import Usable, ausable
from jobs_runtime.unusable import UNUSABLE, unusable

Connection = psycopg.Connection[tuple[Any, ...]]
AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

POOL_SIZE = 10
"""The most connections that one process of an application opens for submitting."""

POOL_TIMEOUT = 10.0
"""Seconds that a submit waits for a free connection or a reachable database."""

SOCKET: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Notice a vanished server within 11 s instead of the two hours that Linux would take."""

LISTENING: dict[str, Any] = {**SOCKET, "connect_timeout": int(POOL_TIMEOUT)}
"""For a connection of its own, which waits no longer than one of the pool would."""

NOTICE_VANISHED_CLIENT = """
SET tcp_keepalives_idle = 5;
SET tcp_keepalives_interval = 2;
SET tcp_keepalives_count = 3;
SET tcp_user_timeout = 10000
"""
"""The same for the server: what a vanished host had locked is free again within 11 s."""

OURS_TO_LIMIT = """
SET statement_timeout = 0;
SET lock_timeout = 0;
SET default_transaction_isolation = 'read committed'
"""
"""What a role or a database sets for its applications: a worker could store no outcome any more if
one statement of an exchange took too long, and claim nothing beside another worker."""

SERVER_PROCESS = "SELECT pg_backend_pid()"

HOLD_TO_INDEXES = """
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET jit = off
"""
"""Plans are kept for the life of a connection: one made while a queue was empty would scan it.

Where a statement has no index to use, a scan that is "off" is costed at ten thousand million, which
has the server compile the statement: 300 ms for the four rows of `jobs.supervisor`.
"""


def connect(
    dsn: str,
    application_name: str,
    *,
    timeout: float = 5.0,
    tcp_user_timeout: int = SOCKET["tcp_user_timeout"],
) -> Connection:
    """Open one autocommit connection, for a process that holds it for long.

    Statements are prepared, except behind a pooler in transaction mode.

    Args:
        dsn: where to.
        application_name: what the server is to call it.
        timeout: seconds to wait for the server.
        tcp_user_timeout: milliseconds that it may leave what was sent unacknowledged.

    Raises:
        psycopg.OperationalError: the database cannot be reached within `timeout` seconds.
    """
    socket: dict[str, Any] = {**SOCKET, "tcp_user_timeout": tcp_user_timeout}
    connection = DirectConnection.connect(
        dsn,
        autocommit=True,
        application_name=application_name,
        connect_timeout=max(1, round(timeout)),
        **socket,
    )
    if behind_pooler(connection):
        connection.prepare_threshold = None
    else:
        connection.prepare_threshold = 0
        connection.execute(
            f"{HOLD_TO_INDEXES};{NOTICE_VANISHED_CLIENT};{OURS_TO_LIMIT}", prepare=False
        )
    return connection


def behind_pooler(connection: Connection) -> bool:
    """Whether a pooler stands in between: the server process is not the one that greeted us."""
    row = connection.execute(SERVER_PROCESS).fetchone()
    return row is not None and row[0] != connection.info.backend_pid


def _configure(connection: Connection) -> None:
    """Prepare nothing where the next statement may meet another server process."""
    if behind_pooler(connection):
        connection.prepare_threshold = None


async def _aconfigure(connection: AsyncConnection) -> None:
    row = await (await connection.execute(SERVER_PROCESS)).fetchone()
    if row is not None and row[0] != connection.info.backend_pid:
        connection.prepare_threshold = None


class Database:
    """An application's pools of connections, opened at first use.

    A pool belongs to the process, and an async one to the event loop, in which it was opened: after
    a fork the child opens its own.

    Args:
        dsn: a connection string; None for `DATABASE_URL`, read at first use.
    """

    def __init__(self, dsn: str | None = None) -> None:
        self.given_dsn = dsn
        self._owner = os.getpid()
        self._pool: ConnectionPool[DirectConnection] | None = None
        self._ending: finalize[Any, Any] | None = None
        self._opening = threading.Lock()
        self._async_pools: WeakKeyDictionary[
            asyncio.AbstractEventLoop, AsyncConnectionPool[AsyncConnection]
        ] = WeakKeyDictionary()

    @property
    def dsn(self) -> str:
        """The connection string in use.

        Raises:
            ConfigurationError: there is none, or it does not parse.
        """
        return resolve_dsn(self.given_dsn)

    def pool(self) -> ConnectionPool[DirectConnection]:
        """The pool of this process."""
        self._forget_after_fork()
        if self._pool is not None:
            return self._pool
        with self._opening:
            if self._pool is None:
                self._pool = ConnectionPool[DirectConnection](
                    self.dsn,
                    connection_class=DirectConnection,
                    min_size=0,
                    max_size=POOL_SIZE,
                    timeout=POOL_TIMEOUT,
                    kwargs={"autocommit": True, **SOCKET},
                    configure=_configure,
                    open=True,
                )
                self._ending = finalize(self, _close, self._pool, self._owner)
            return self._pool

    async def async_pool(self) -> AsyncConnectionPool[AsyncConnection]:
        """The pool of this process and the running event loop."""
        self._forget_after_fork()
        loop = asyncio.get_running_loop()
        pool = self._async_pools.get(loop)
        if pool is None:
            pool = AsyncConnectionPool[AsyncConnection](
                self.dsn,
                connection_class=AsyncConnection,
                min_size=0,
                max_size=POOL_SIZE,
                timeout=POOL_TIMEOUT,
                kwargs={"autocommit": True, **SOCKET},
                configure=_aconfigure,
                open=False,
            )
            self._forget_closed_loops()
            self._async_pools[loop] = pool
            await pool.open()
        return pool

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection of the pool, for a block of our own statements.

        Raises:
            SchemaMissing: the database has not been migrated.
            DatabaseUnavailable: none was free within 10 s, or it broke.
        """
        return Usable(self.pool())

    @asynccontextmanager
    async def async_connection(self) -> AsyncGenerator[AsyncConnection]:
        """As `connection`, from a coroutine."""
        try:
            pool = await self.async_pool()
            async with ausable(pool) as connection:
                yield connection
        except UNUSABLE as error:
            raise unusable(error) from error

    @contextmanager
    def listening(self, channel: str) -> Generator[Connection]:
        """A connection of its own that listens to a channel, for a block.

        Raises:
            SchemaMissing: the database has not been migrated.
            DatabaseUnavailable: it cannot be reached, or went away.
        """
        try:
            with Connection.connect(self.dsn, autocommit=True, **LISTENING) as connection:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                yield connection
        except UNUSABLE as error:
            raise unusable(error) from error

    @asynccontextmanager
    async def async_listening(self, channel: str) -> AsyncGenerator[AsyncConnection]:
        """As `listening`, from a coroutine."""
        try:
            opening = AsyncConnection.connect(self.dsn, autocommit=True, **LISTENING)
            async with await opening as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                yield connection
        except UNUSABLE as error:
            raise unusable(error) from error

    def close(self) -> None:
        """Close the sync pool; it opens again when used again."""
        if self._ending is not None:
            self._ending()
        self._pool = self._ending = None

    async def aclose(self) -> None:
        """Close the pools of the running event loop and of this process."""
        if pool := self._async_pools.pop(asyncio.get_running_loop(), None):
            await pool.close()
        self.close()

    def _forget_closed_loops(self) -> None:
        """Pools of event loops that are over, of which `asyncio.run` makes one a call."""
        for loop in [loop for loop in self._async_pools if loop.is_closed()]:
            del self._async_pools[loop]

    def _forget_after_fork(self) -> None:
        if self._owner != os.getpid():
            self._owner = os.getpid()
            self._pool = self._ending = None
            self._opening = threading.Lock()
            self._async_pools = WeakKeyDictionary()


def _close(pool: ConnectionPool[Any], owner: int) -> None:
    """Close a pool, at the end of its process at the latest.

    From Python 3.13 on the pool's threads cannot be ended any later: it would wait 5 s for each.

    Args:
        pool: what to close.
        owner: the process that opened it; a fork may use neither its threads nor its connections.
    """
    if os.getpid() == owner:
        pool.close()
