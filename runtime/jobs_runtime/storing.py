"""Storing submissions on a connection, sync or async: one by one, or many by COPY."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from jobs_runtime.executors import operation as operations
from jobs_runtime.executors.direct import run_directly
from jobs_runtime.executors.protocol import ClientExecutor
from jobs_runtime.model import Stored, Submission


def together(connection: Any) -> Any:
    """All or none: in a transaction of its own, or in the caller's, which may have yet to begin.

    A block of psycopg's would begin that one itself, and so commit it at the end.
    """
    begins = not connection.autocommit and (
        connection.info.transaction_status == TransactionStatus.IDLE
    )
    return nullcontext() if begins else connection.transaction()


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
    submissions: Sequence[Submission],
) -> list[Stored]:
    """Store one or more submissions of one job, all or none; what became of each, in order."""
    with together(connection):
        if submissions[0].options.unique:
            return [store(connection, executor, each) for each in submissions]
        reserved = operations.run(connection, executor.reserve(len(submissions)))
        operations.copy(connection, executor.copy(reserved, submissions))
        operations.run(connection, executor.wake(submissions[0].queue, len(submissions)))
    return [Stored(str(job_id)) for job_id in reserved.ids]


async def astore_many(
    connection: psycopg.AsyncConnection[Any],
    executor: ClientExecutor,
    submissions: Sequence[Submission],
) -> list[Stored]:
    """As `store_many`, from a coroutine."""
    async with together(connection):
        if submissions[0].options.unique:
            return [await astore(connection, executor, each) for each in submissions]
        reserved = await operations.arun(connection, executor.reserve(len(submissions)))
        await operations.acopy(connection, executor.copy(reserved, submissions))
        await operations.arun(connection, executor.wake(submissions[0].queue, len(submissions)))
    return [Stored(str(job_id)) for job_id in reserved.ids]


def store_mixed(
    connection: psycopg.Connection[Any],
    executor: ClientExecutor,
    submissions: Sequence[Submission],
) -> list[Stored]:
    """Store submissions of any jobs, all or none; what became of each, in order."""
    stored: dict[int, Stored] = {}
    with together(connection):
        for places in _alike(submissions):
            many = store_many(connection, executor, [submissions[place] for place in places])
            stored.update(zip(places, many, strict=True))
    return [stored[place] for place in range(len(submissions))]


async def astore_mixed(
    connection: psycopg.AsyncConnection[Any],
    executor: ClientExecutor,
    submissions: Sequence[Submission],
) -> list[Stored]:
    """As `store_mixed`, from a coroutine."""
    stored: dict[int, Stored] = {}
    async with together(connection):
        for places in _alike(submissions):
            many = [submissions[place] for place in places]
            stored.update(zip(places, await astore_many(connection, executor, many), strict=True))
    return [stored[place] for place in range(len(submissions))]


def _alike(submissions: Sequence[Submission]) -> list[list[int]]:
    """The places of those that can be stored together: one job, all unique or delayed or none."""
    groups: dict[tuple[str, bool, bool], list[int]] = {}
    for place, each in enumerate(submissions):
        kind = (each.queue, each.options.unique, each.options.start_after is None)
        groups.setdefault(kind, []).append(place)
    return list(groups.values())
