"""Waiting for the end of a job: by LISTEN, with a look now and then lest a notification is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta

import psycopg

from jobs_runtime.database import AsyncConnection, Connection, Database
from jobs_runtime.errors import ResultTimeout
from jobs_runtime.executors import operation as operations
from jobs_runtime.executors.protocol import ClientExecutor
from jobs_runtime.options import Seconds

CHANNEL = "jobs_finished"

LOOK = 0.5
"""Seconds between two looks: behind a pooler, or once the connection broke, nobody notifies."""


class Bell:
    """Rings when one job ends; a connection of its own, so that waiting takes none of the pool."""

    def __init__(self, connection: Connection, job_id: str) -> None:
        self._connection = connection
        self._job_id = job_id

    def wait(self, timeout: float) -> None:
        """Sleep until it rings or `timeout` seconds have passed; it may have broken."""
        ends = time.monotonic() + timeout
        while (left := ends - time.monotonic()) > 0:
            try:
                for notification in self._connection.notifies(timeout=left, stop_after=1):
                    if notification.payload == self._job_id:
                        return
            except psycopg.OperationalError:
                time.sleep(max(0.0, ends - time.monotonic()))


class AsyncBell:
    """As `Bell`, for a coroutine."""

    def __init__(self, connection: AsyncConnection, job_id: str) -> None:
        self._connection = connection
        self._job_id = job_id

    async def wait(self, timeout: float) -> None:
        """Sleep until it rings or `timeout` seconds have passed; it may have broken."""
        ends = time.monotonic() + timeout
        while (left := ends - time.monotonic()) > 0:
            try:
                async for notification in self._connection.notifies(timeout=left, stop_after=1):
                    if notification.payload == self._job_id:
                        return
            except psycopg.OperationalError:
                await asyncio.sleep(max(0.0, ends - time.monotonic()))


@contextmanager
def bell(database: Database, executor: ClientExecutor, job_id: str) -> Generator[Bell]:
    """Have the job's end notified for a block."""
    with database.listening(CHANNEL) as connection:
        operations.run(connection, executor.watch(job_id))
        try:
            yield Bell(connection, job_id)
        finally:
            with suppress(psycopg.OperationalError):
                operations.run(connection, executor.unwatch(job_id))


@asynccontextmanager
async def async_bell(
    database: Database, executor: ClientExecutor, job_id: str
) -> AsyncGenerator[AsyncBell]:
    """As `bell`, for a coroutine."""
    async with database.async_listening(CHANNEL) as connection:
        await operations.arun(connection, executor.watch(job_id))
        try:
            yield AsyncBell(connection, job_id)
        finally:
            with suppress(psycopg.OperationalError):
                await operations.arun(connection, executor.unwatch(job_id))


def pauses(timeout: Seconds | None, what: object) -> Iterator[float]:
    """How long to wait before the next look, in seconds, again and again.

    The last look comes when the time is up: a notification may have been lost.

    Raises:
        ResultTimeout: the time is up.
    """
    if isinstance(timeout, timedelta):
        timeout = timeout.total_seconds()
    ends = float("inf") if timeout is None else time.monotonic() + timeout
    while (left := ends - time.monotonic()) > 0:
        yield min(left, LOOK)
    yield 0.0
    raise ResultTimeout(f"{what!r} has not finished within {timeout:g} s")
