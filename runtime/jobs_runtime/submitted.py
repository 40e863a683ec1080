"""Looking after a submitted job: details, cancel, resume, retry, wait, result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from jobs_runtime.errors import ConfigurationError, JobFailed, JobNotFound
from jobs_runtime.executors.protocol import PG_BOSS_EXECUTOR_NAME, ClientExecutor
from jobs_runtime.model import Cancellation, JobRecord, JobState
from jobs_runtime.options import Seconds
from jobs_runtime.waiting import async_bell, bell, pauses

if TYPE_CHECKING:
    from jobs_runtime.app import Jobs
    from jobs_runtime.job import Job
    from jobs_runtime.pgboss import SubmittedOnPgBoss

Output = TypeVar("Output")


class SubmittedJob(Generic[Output]):
    """One request to perform a job, in the database; false if it is a duplicate.

    Every method asks the database, and raises `DatabaseUnavailable` if it has no connection within
    10 s. From a coroutine: `adetails`, `acancel`, `aresume`, `aretry`, `await_` and `aresult`.

    Attributes:
        job_id: an opaque string.
        job_name: the job's name.
        job: its declaration, None if this process does not know it.
        duplicate: whether a unique option suppressed the submit, and this is the job that was
            there already.
    """

    __slots__ = ("__weakref__", "_executor", "_jobs", "duplicate", "job", "job_id", "job_name")

    def __init__(
        self,
        jobs: Jobs,
        job_id: str,
        job_name: str,
        job: Job[Any, Output] | None,
        *,
        duplicate: bool = False,
        executor: ClientExecutor | None = None,
    ) -> None:
        self._jobs = jobs
        self.job_id = job_id
        self.job_name = job_name
        self.job = job
        self.duplicate = duplicate
        self._executor = executor or (jobs.executor if job is None else job.executor)

    def __bool__(self) -> bool:
        return not self.duplicate

    def __repr__(self) -> str:
        duplicate = ", which was there already" if self.duplicate else ""
        return f"<SubmittedJob {self.job_name} {self.job_id}{duplicate}>"

    @property
    def executor_name(self) -> str:
        """Where the job is kept."""
        return self._executor.name

    @property
    def pg_boss(self) -> SubmittedOnPgBoss:
        """What Wasp calls `pgBoss`: `details()`, `cancel()` and `resume()` as Node has them.

        Raises:
            ConfigurationError: the job is not one of the executor PgBoss.
        """
        if self.executor_name != PG_BOSS_EXECUTOR_NAME:
            raise ConfigurationError(f"{self.job_name} is kept in our own tables, not by pg-boss")
        from jobs_runtime.pgboss import SubmittedOnPgBoss

        return SubmittedOnPgBoss(self._jobs, self._jobs.pg_boss.executor, self.job_id)

    def details(self) -> JobRecord:
        """All that the database knows of it.

        Raises:
            JobNotFound: it has passed its retention, or its submit is not committed yet.
        """
        return self._found(self._jobs.run(self._executor.details(self.job_id)))

    async def adetails(self) -> JobRecord:
        """As `details`, from a coroutine."""
        return self._found(await self._jobs.arun(self._executor.details(self.job_id)))

    def cancel(self) -> Cancellation:
        """Cancel it: a waiting job is not performed, a running attempt is told to stop.

        Returns:
            What was done; false for a job that has finished.
        """
        return self._jobs.run(self._executor.cancel(self.job_id))

    async def acancel(self) -> Cancellation:
        """As `cancel`, from a coroutine."""
        return await self._jobs.arun(self._executor.cancel(self.job_id))

    def resume(self) -> bool:
        """Put a cancelled job back into its queue.

        Returns:
            Whether it was; False unless it is cancelled, its last attempt has ended and no other
            job holds its singleton key.
        """
        return self._jobs.run(self._executor.resume(self.job_id))

    async def aresume(self) -> bool:
        """As `resume`, from a coroutine."""
        return await self._jobs.arun(self._executor.resume(self.job_id))

    def retry(self) -> bool:
        """Perform a failed or expired job anew, with all its attempts.

        Returns:
            Whether it will be; False unless it has failed or expired and no other job holds its
            singleton key.
        """
        return self._jobs.run(self._executor.retry(self.job_id))

    async def aretry(self) -> bool:
        """As `retry`, from a coroutine."""
        return await self._jobs.arun(self._executor.retry(self.job_id))

    def wait(self, timeout: Seconds | None = None) -> JobRecord:
        """Wait until it has finished, in whatever state, and return its details.

        Args:
            timeout: a number of seconds or a `timedelta`; default to wait for ever.

        Raises:
            ResultTimeout: it has not finished in time.
            JobNotFound: it has passed its retention, or its submit is not committed yet.
        """
        record = self.details()
        if record.state.finished:
            return record
        with bell(self._jobs.database, self._executor, self.job_id) as finished:
            for pause in pauses(timeout, self):
                record = self.details()
                if record.state.finished:
                    return record
                finished.wait(pause)
        raise AssertionError("unreachable")

    async def await_(self, timeout: Seconds | None = None) -> JobRecord:
        """As `wait`, from a coroutine."""
        record = await self.adetails()
        if record.state.finished:
            return record
        async with async_bell(self._jobs.database, self._executor, self.job_id) as finished:
            for pause in pauses(timeout, self):
                record = await self.adetails()
                if record.state.finished:
                    return record
                await finished.wait(pause)
        raise AssertionError("unreachable")

    def result(self, timeout: Seconds | None = None) -> Output:
        """Wait until it has finished and return what its perform function returned.

        Args:
            timeout: a number of seconds or a `timedelta`; default to wait for ever.

        Raises:
            JobFailed: it failed, expired or was cancelled; the message has the error of its last
                attempt, with the worker's traceback.
            ResultTimeout: it has not finished in time.
            JobNotFound: it has passed its retention, or its submit is not committed yet.
            PayloadError: the result does not fit what the job is declared to return.
        """
        return self._output(self.wait(timeout))

    async def aresult(self, timeout: Seconds | None = None) -> Output:
        """As `result`, from a coroutine."""
        return self._output(await self.await_(timeout))

    def _found(self, record: JobRecord | None) -> JobRecord:
        if record is None:
            raise JobNotFound(
                f"there is no job {self.job_id}: it has passed its retention, or the transaction in"
                " which it was submitted has not been committed"
            )
        return record

    def _output(self, record: JobRecord) -> Output:
        if record.state is not JobState.COMPLETED:
            raise JobFailed(_failure(record), record.state.value, record.output)
        if self.job is None:
            return cast("Output", record.output)
        return self.job.output.convert(record.output)


def _failure(record: JobRecord) -> str:
    text = f"{record.name} {record.job_id} {record.state.value} after attempt {record.attempt}"
    if isinstance(record.output, dict):
        output = cast("dict[str, object]", record.output)
        text += f": {output.get('name')}: {output.get('message')}"
        if stack := output.get("stack"):
            text += f"\n\n{stack}"
    return text
