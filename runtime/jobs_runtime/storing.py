"""Storing submissions on a connection, sync or async: one by one, or many by COPY."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from jobs_runtime.executors import operation as operations
from jobs_runtime.executors.protocol import ClientExecutor
from jobs_runtime.model import Stored, Submission


def store(
    connection: psycopg.Connection[Any], executor: ClientExecutor, submission: Submission
) -> Stored:
    """Store one submission in the connection's transaction, or one of its own."""
    operation = executor.submit(submission)
    while (stored := operations.run(connection, operation)) is None:
        continue
    return stored


async def astore(
    connection: psycopg.AsyncConnection[Any], executor: ClientExecutor, submission: Submission
) -> Stored:
    """As `store`, from a coroutine."""
    operation = executor.submit(submission)
    while (stored := await operations.arun(connection, operation)) is None:
        continue
    return stored


def store_many(
    connection: psycopg.Connection[Any],
    executor: ClientExecutor,
    submissions: Sequence[Submission],
) -> list[Stored]:
    """Store one or more submissions of one job, all or none; what became of each, in order."""
    with connection.transaction():
        if submissions[0].options.unique:
            return [store(connection, executor, each) for each in submissions]
        ids = operations.run(connection, executor.reserve(len(submissions)))
        operations.copy(connection, executor.copy(ids, submissions))
        operations.run(connection, executor.wake(submissions[0].queue, len(submissions)))
    return [Stored(str(job_id)) for job_id in ids]


async def astore_many(
    connection: psycopg.AsyncConnection[Any],
    executor: ClientExecutor,
    submissions: Sequence[Submission],
) -> list[Stored]:
    """As `store_many`, from a coroutine."""
    async with connection.transaction():
        if submissions[0].options.unique:
            return [await astore(connection, executor, each) for each in submissions]
        ids = await operations.arun(connection, executor.reserve(len(submissions)))
        await operations.acopy(connection, executor.copy(ids, submissions))
        await operations.arun(connection, executor.wake(submissions[0].queue, len(submissions)))
    return [Stored(str(job_id)) for job_id in ids]
