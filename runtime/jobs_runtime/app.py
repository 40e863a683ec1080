"""`Jobs`: an application's registry of declared jobs, and its way to the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg_pool import PoolTimeout

from jobs_runtime.database import Database, unavailable
from jobs_runtime.declaration import JobDecorator
from jobs_runtime.errors import DeclarationError
from jobs_runtime.executors import operation as operations
from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.executors.protocol import ClientExecutor
from jobs_runtime.job import Job
from jobs_runtime.model import Stored, Submission
from jobs_runtime.options import OptionValues, as_mapping, validate
from jobs_runtime.submission import SubmittedJob

if TYPE_CHECKING:
    from typing import Unpack

Result = TypeVar("Result")


class Jobs:
    """The jobs of an application: declare with `@jobs.job(...)`, find with `jobs.get(job_id)`.

    Args:
        dsn: a connection string; default `DATABASE_URL`, read at first use.
        defaults: default options of every job declared here, see `OptionValues`.

    Raises:
        OptionError: a default is unknown or out of range.
    """

    def __init__(self, dsn: str | None = None, **defaults: Unpack[OptionValues]) -> None:
        self.database = Database(dsn)
        self.defaults: Mapping[str, object] = validate(as_mapping(defaults))
        self.executor: ClientExecutor = PostgresExecutor()
        self.declared: dict[str, Job[Any, Any]] = {}
        self.job = JobDecorator(self)

    def __repr__(self) -> str:
        return f"<Jobs {', '.join(self.declared) or 'none declared'}>"

    def register(self, job: Job[Any, Any]) -> None:
        """Add a declared job.

        Raises:
            DeclarationError: another job has this name.
        """
        if job.name in self.declared:
            first = self.declared[job.name].perform
            raise DeclarationError(
                f"two jobs are named {job.name!r}: {first.__module__}.{first.__qualname__} and"
                f" {job.perform.__module__}.{job.perform.__qualname__}; give one a name="
            )
        self.declared[job.name] = job

    def get(self, job_id: str) -> SubmittedJob[Any] | None:
        """Find a submitted job by id, finished ones too; None if there is none."""
        record = self.run(self.executor.details(job_id))
        if record is None:
            return None
        return SubmittedJob(self, job_id, record.name, self.declared.get(record.name))

    def run(self, operation: Operation[Result]) -> Result:
        """Run one operation on the application's pool.

        Raises:
            DatabaseUnavailable: no connection within 10 s, or it broke.
        """
        try:
            with self.database.pool().connection() as connection:
                return operations.run(connection, operation)
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise unavailable(error) from error

    async def arun(self, operation: Operation[Result]) -> Result:
        """As `run`, from a coroutine."""
        try:
            pool = await self.database.async_pool()
            async with pool.connection() as connection:
                return await operations.arun(connection, operation)
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise unavailable(error) from error

    def store(self, submission: Submission) -> Stored:
        """Store one submission, in a transaction of its own."""
        operation = self.executor.submit(submission)
        while (stored := self.run(operation)) is None:
            continue
        return stored

    async def astore(self, submission: Submission) -> Stored:
        """As `store`, from a coroutine."""
        operation = self.executor.submit(submission)
        while (stored := await self.arun(operation)) is None:
            continue
        return stored

    def store_many(self, submissions: Sequence[Submission]) -> list[Stored]:
        """Store many submissions of one job in one transaction; what became of each, in order."""
        if not submissions:
            return []
        try:
            with self.database.pool().connection() as connection, connection.transaction():
                if submissions[0].options.unique:
                    return [self._store(connection, submission) for submission in submissions]
                ids = operations.run(connection, self.executor.reserve(len(submissions)))
                operations.copy(connection, self.executor.copy(ids, submissions))
                operations.run(connection, self._wake(submissions))
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise unavailable(error) from error
        return [Stored(str(job_id)) for job_id in ids]

    async def astore_many(self, submissions: Sequence[Submission]) -> list[Stored]:
        """As `store_many`, from a coroutine."""
        if not submissions:
            return []
        try:
            pool = await self.database.async_pool()
            async with pool.connection() as connection, connection.transaction():
                if submissions[0].options.unique:
                    return [await self._astore(connection, each) for each in submissions]
                ids = await operations.arun(connection, self.executor.reserve(len(submissions)))
                await operations.acopy(connection, self.executor.copy(ids, submissions))
                await operations.arun(connection, self._wake(submissions))
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise unavailable(error) from error
        return [Stored(str(job_id)) for job_id in ids]

    def close(self) -> None:
        """Close the connections; they open again when used again."""
        self.database.close()

    async def aclose(self) -> None:
        """As `close`, from a coroutine, for the connections of its event loop too."""
        await self.database.aclose()

    def _store(self, connection: psycopg.Connection[Any], submission: Submission) -> Stored:
        operation = self.executor.submit(submission)
        while (stored := operations.run(connection, operation)) is None:
            continue
        return stored

    async def _astore(
        self, connection: psycopg.AsyncConnection[Any], submission: Submission
    ) -> Stored:
        operation = self.executor.submit(submission)
        while (stored := await operations.arun(connection, operation)) is None:
            continue
        return stored

    def _wake(self, submissions: Sequence[Submission]) -> Operation[None]:
        return self.executor.wake(submissions[0].queue, len(submissions))
