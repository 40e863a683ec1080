"""`Jobs`: an application's registry of declared jobs, and its way to the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from jobs_runtime.database import Database
from jobs_runtime.declaration import JobDecorator
from jobs_runtime.errors import DeclarationError
from jobs_runtime.executors import operation as operations
from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.executors.protocol import ClientExecutor
from jobs_runtime.job import Job
from jobs_runtime.model import JobRecord
from jobs_runtime.options import OptionValues, as_mapping, validate
from jobs_runtime.submitted import SubmittedJob

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
        return self._submitted(self.run(self.executor.details(job_id)))

    async def aget(self, job_id: str) -> SubmittedJob[Any] | None:
        """As `get`, from a coroutine."""
        return self._submitted(await self.arun(self.executor.details(job_id)))

    def run(self, operation: Operation[Result]) -> Result:
        """Run one operation on the application's pool.

        Raises:
            DatabaseUnavailable: no connection within 10 s, or it broke.
        """
        with self.database.connection() as connection:
            return operations.run(connection, operation)

    async def arun(self, operation: Operation[Result]) -> Result:
        """As `run`, from a coroutine."""
        async with self.database.async_connection() as connection:
            return await operations.arun(connection, operation)

    def close(self) -> None:
        """Close the connections; they open again when used again."""
        self.database.close()

    async def aclose(self) -> None:
        """As `close`, from a coroutine, for the connections of its event loop too."""
        await self.database.aclose()

    def _submitted(self, record: JobRecord | None) -> SubmittedJob[Any] | None:
        if record is None:
            return None
        return SubmittedJob(self, record.job_id, record.name, self.declared.get(record.name))
