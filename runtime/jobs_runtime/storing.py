"""Storing submissions on a connection, sync or async: one by one, or many by COPY."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from jobs_runtime.executors import operation as operations
from jobs_runtime.executors.direct import run_directly
from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.protocol import ClientExecutor, Reserved
from jobs_runtime.model import Stored, Submission
from jobs_runtime.options import Options

Result = TypeVar("Result")

BEGIN = b"SELECT"
"""Any statement has psycopg begin the caller's transaction. A block of its `transaction()` would
begin it as well, but then also commit it."""


@dataclass(frozen=True, slots=True)
class Bulk(Generic[Result]):
    """One or more submissions of one job, stored together.

    Attributes:
        queue: where they will wait.
        options: those of one; the others may be suppressed, or are delayed, if it is.
        count: how many there are.
        submissions: each is made when it is asked for.
        read: makes what is given back for each.
    """

    queue: str
    options: Options
    count: int
    submissions: Iterator[Submission]
    read: Callable[[Stored], Result]

    def stored(self, reserved: Reserved, results: list[Result]) -> Iterator[Submission]:
        """Each submission in turn, for which a result is added: while the server is busy."""
        for job_id, submission in zip(reserved.ids, self.submissions, strict=True):
            results.append(self.read(Stored(str(job_id))))
            yield submission

    def wake(self, executor: ClientExecutor) -> Operation[None]:
        """Tell whom they concern."""
        delayed = self.options.start_after is not None
        return executor.wake(self.queue, self.count, delayed=delayed)


@contextmanager
def together(connection: psycopg.Connection[Any]) -> Generator[None]:
    """All or none: in a transaction of its own, or with a savepoint in the caller's."""
    if _has_yet_to_begin(connection):
        connection.execute(BEGIN)
    with connection.transaction():
        yield


@asynccontextmanager
async def atogether(connection: psycopg.AsyncConnection[Any]) -> AsyncGenerator[None]:
    """As `together`, in a coroutine."""
    if _has_yet_to_begin(connection):
        await connection.execute(BEGIN)
    async with connection.transaction():
        yield


def _has_yet_to_begin(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> bool:
    idle = connection.info.transaction_status == TransactionStatus.IDLE
    return idle and not connection.autocommit


def store(
    connection: psycopg.Connection[Any],
    executor: ClientExecutor,
    submission: Submission,
    *,
    alone: bool = False,
) -> Stored:
    """Store one submission in the connection's transaction, or one of its own.

    Args:
        connection: where.
        executor: how.
        submission: what.
        alone: whether it is known to be in one of its own, on a connection of ours.
    """
    operation = executor.submit(submission, alone=alone)
    while (stored := run_directly(connection, operation)) is None:
        continue
    return stored


async def astore(
    connection: psycopg.AsyncConnection[Any],
    executor: ClientExecutor,
    submission: Submission,
    *,
    alone: bool = False,
) -> Stored:
    """As `store`, from a coroutine."""
    operation = executor.submit(submission, alone=alone)
    while (stored := await operations.arun(connection, operation)) is None:
        continue
    return stored


def store_many(
    connection: psycopg.Connection[Any],
    executor: ClientExecutor,
    bulk: Bulk[Result],
) -> list[Result]:
    """Store submissions of one job, all or none; what became of each, in order.

    One that cannot be made leaves a caller's transaction as it was.
    """
    results: list[Result] = []
    with together(connection):
        if bulk.options.unique:  # COPY can suppress nothing
            return [bulk.read(store(connection, executor, each)) for each in bulk.submissions]
        reserved = operations.run(connection, executor.reserve(bulk.count))
        submissions = bulk.stored(reserved, results)
        operations.copy(connection, executor.copy(reserved, submissions))
        operations.run(connection, bulk.wake(executor))
    return results


async def astore_many(
    connection: psycopg.AsyncConnection[Any],
    executor: ClientExecutor,
    bulk: Bulk[Result],
) -> list[Result]:
    """As `store_many`, from a coroutine."""
    results: list[Result] = []
    async with atogether(connection):
        if bulk.options.unique:
            return [
                bulk.read(await astore(connection, executor, each)) for each in bulk.submissions
            ]
        reserved = await operations.arun(connection, executor.reserve(bulk.count))
        submissions = bulk.stored(reserved, results)
        await operations.acopy(connection, executor.copy(reserved, submissions))
        await operations.arun(connection, bulk.wake(executor))
    return results


def store_mixed(
    connection: psycopg.Connection[Any],
    executor: ClientExecutor,
    submissions: Sequence[Submission],
) -> list[Stored]:
    """Store submissions of any jobs, all or none; what became of each, in order."""
    stored: dict[int, Stored] = {}
    with together(connection):
        for places in _alike(submissions):
            many = store_many(connection, executor, _bulk(submissions, places))
            stored.update(zip(places, many, strict=True))
    return [stored[place] for place in range(len(submissions))]


async def astore_mixed(
    connection: psycopg.AsyncConnection[Any],
    executor: ClientExecutor,
    submissions: Sequence[Submission],
) -> list[Stored]:
    """As `store_mixed`, from a coroutine."""
    stored: dict[int, Stored] = {}
    async with atogether(connection):
        for places in _alike(submissions):
            many = await astore_many(connection, executor, _bulk(submissions, places))
            stored.update(zip(places, many, strict=True))
    return [stored[place] for place in range(len(submissions))]


def _bulk(submissions: Sequence[Submission], places: Sequence[int]) -> Bulk[Stored]:
    first, many = submissions[places[0]], (submissions[place] for place in places)
    return Bulk(first.queue, first.options, len(places), many, lambda stored: stored)


def _alike(submissions: Sequence[Submission]) -> list[list[int]]:
    """The places of those that can be stored together: one job, all unique or delayed or none."""
    groups: dict[tuple[str, bool, bool], list[int]] = {}
    for place, each in enumerate(submissions):
        kind = (each.queue, each.options.unique, each.options.start_after is None)
        groups.setdefault(kind, []).append(place)
    return list(groups.values())
