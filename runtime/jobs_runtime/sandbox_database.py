"""A sandbox's database: one connection, whoever asks for one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

from jobs_runtime.awaitable import Awaitable
from jobs_runtime.database import AsyncConnection, Connection, Database
from jobs_runtime.errors import ConfigurationError

NOTHING_RUNS = "nothing is performed by itself in a sandbox; call its drain() before you wait"


class SandboxDatabase(Database):
    """Gives out one connection, again and again."""

    def __init__(self, dsn: str, connection: Connection) -> None:
        super().__init__(dsn)
        self._only = connection

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """The sandbox's connection."""
        yield self._only

    @asynccontextmanager
    async def async_connection(self) -> AsyncGenerator[AsyncConnection]:
        """The sandbox's connection, seen as an async one."""
        yield cast("AsyncConnection", Awaitable(self._only))

    @contextmanager
    def listening(self, channel: str) -> Generator[Connection]:
        """Refuse to wait.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(NOTHING_RUNS)
        yield self._only

    @asynccontextmanager
    async def async_listening(self, channel: str) -> AsyncGenerator[AsyncConnection]:
        """Refuse to wait.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(NOTHING_RUNS)
        yield cast("AsyncConnection", self._only)
