"""Submitting a job, and looking after a submitted one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from jobs_runtime.errors import JobFailed, JobNotFound, ResultTimeout
from jobs_runtime.model import JobRecord, JobState, Stored, Submission
from jobs_runtime.options import OptionValues, When, as_mapping, merge, validate

if TYPE_CHECKING:
    from typing import Unpack

    from jobs_runtime.app import Jobs
    from jobs_runtime.job import Job

Input = TypeVar("Input")
Output = TypeVar("Output")

FIRST_LOOK, LAST_LOOK = 0.005, 0.25
"""Seconds between two looks for a result: the first, and the last after doublings."""


class Submitter(Generic[Input, Output]):
    """Something that can be submitted: a job, or a job with a delay. Never changed in place."""

    def __init__(
        self,
        jobs: Jobs,
        job: Job[Input, Output],
        layers: tuple[Mapping[str, object], ...],
    ) -> None:
        self._jobs = jobs
        self._job = job
        self.layers = layers

    def delay(self, start_after: When) -> Submitter[Input, Output]:
        """The same job, not to be performed before a moment; the last delay wins.

        Args:
            start_after: seconds or a `timedelta` from now, an aware `datetime`, or an ISO 8601
                string with an offset.

        Raises:
            OptionError: negative, or a moment without a time zone.
        """
        later = validate({"start_after": start_after})
        return Submitter(self._jobs, self._job, (*self.layers, later))

    @overload
    def submit(
        self: Submitter[None, Output], args: None = None, **options: Unpack[OptionValues]
    ) -> SubmittedJob[Output]: ...
    @overload
    def submit(self, args: Input, **options: Unpack[OptionValues]) -> SubmittedJob[Output]: ...
    def submit(self, args: Any = None, **options: Unpack[OptionValues]) -> SubmittedJob[Output]:
        """Store one request to perform the job; it is durable when this returns.

        Returns:
            The submitted job; false, and the one that was there already, if a unique option
            suppressed this one.

        Raises:
            PayloadError: `args` is not what the job takes.
            OptionError: an option is unknown or out of range.
            DatabaseUnavailable: no connection within 10 s.
        """
        return self._submitted(self._jobs.store(self._submission(args, as_mapping(options))))

    @overload
    async def asubmit(
        self: Submitter[None, Output], args: None = None, **options: Unpack[OptionValues]
    ) -> SubmittedJob[Output]: ...
    @overload
    async def asubmit(
        self, args: Input, **options: Unpack[OptionValues]
    ) -> SubmittedJob[Output]: ...
    async def asubmit(
        self, args: Any = None, **options: Unpack[OptionValues]
    ) -> SubmittedJob[Output]:
        """As `submit`, from a coroutine."""
        submission = self._submission(args, as_mapping(options))
        return self._submitted(await self._jobs.astore(submission))

    def submit_many(
        self, many: Iterable[Input], **options: Unpack[OptionValues]
    ) -> list[SubmittedJob[Output]]:
        """Store one request for each argument, all or none, by COPY.

        Raises:
            PayloadError: an argument is not what the job takes; nothing is stored.
            OptionError: an option is unknown or out of range.
            DatabaseUnavailable: no connection within 10 s.
        """
        submissions = self._submissions(many, as_mapping(options))
        return [self._submitted(stored) for stored in self._jobs.store_many(submissions)]

    async def asubmit_many(
        self, many: Iterable[Input], **options: Unpack[OptionValues]
    ) -> list[SubmittedJob[Output]]:
        """As `submit_many`, from a coroutine."""
        submissions = self._submissions(many, as_mapping(options))
        return [self._submitted(stored) for stored in await self._jobs.astore_many(submissions)]

    def _submission(self, args: Any, options: Mapping[str, object]) -> Submission:
        return self._submissions([args], options)[0]

    def _submissions(self, many: Iterable[Any], options: Mapping[str, object]) -> list[Submission]:
        job = self._job
        merged = merge(*self.layers, options)
        return [Submission(job.name, job.queue, job.input.encode(args), merged) for args in many]

    def _submitted(self, stored: Stored) -> SubmittedJob[Output]:
        job = self._job
        return SubmittedJob(self._jobs, stored.job_id, job.name, job, duplicate=stored.duplicate)


class SubmittedJob(Generic[Output]):
    """One request to perform a job, in the database; false if it is a duplicate.

    Attributes:
        job_id: an opaque string.
        job_name: the job's name.
        job: its declaration, None if this process does not know it.
        duplicate: whether a unique option suppressed the submit, and this is the job that was
            there already.
    """

    def __init__(
        self,
        jobs: Jobs,
        job_id: str,
        job_name: str,
        job: Job[Any, Output] | None,
        *,
        duplicate: bool = False,
    ) -> None:
        self._jobs = jobs
        self.job_id = job_id
        self.job_name = job_name
        self.job = job
        self.duplicate = duplicate

    def __bool__(self) -> bool:
        return not self.duplicate

    def __repr__(self) -> str:
        return f"<SubmittedJob {self.job_name} {self.job_id}>"

    @property
    def executor_name(self) -> str:
        """Where the job is kept."""
        return self._jobs.executor.name

    def details(self) -> JobRecord:
        """All that the database knows of it.

        Raises:
            JobNotFound: it has passed its retention.
        """
        return self._found(self._jobs.run(self._jobs.executor.details(self.job_id)))

    async def adetails(self) -> JobRecord:
        """As `details`, from a coroutine."""
        return self._found(await self._jobs.arun(self._jobs.executor.details(self.job_id)))

    def cancel(self) -> bool:
        """Cancel it: a waiting job is not performed, a running attempt is told to stop.

        Returns:
            Whether there was anything to cancel; False for a job that has finished.
        """
        return self._jobs.run(self._jobs.executor.cancel(self.job_id)) is not None

    async def acancel(self) -> bool:
        """As `cancel`, from a coroutine."""
        return await self._jobs.arun(self._jobs.executor.cancel(self.job_id)) is not None

    def resume(self) -> bool:
        """Put a cancelled job back into its queue.

        Returns:
            Whether it was; False unless it is cancelled and its last attempt has ended.
        """
        return self._jobs.run(self._jobs.executor.resume(self.job_id))

    async def aresume(self) -> bool:
        """As `resume`, from a coroutine."""
        return await self._jobs.arun(self._jobs.executor.resume(self.job_id))

    def result(self, timeout: float | None = None) -> Output:
        """Wait until it has finished and return what its perform function returned.

        Args:
            timeout: seconds; None to wait for ever.

        Raises:
            JobFailed: it failed, expired or was cancelled; the message has its own error.
            ResultTimeout: it has not finished in time.
            JobNotFound: it has passed its retention.
        """
        for pause in _looks(timeout, self):
            record = self.details()
            if record.state.finished:
                return self._output(record)
            time.sleep(pause)
        raise AssertionError("unreachable")

    async def aresult(self, timeout: float | None = None) -> Output:
        """As `result`, from a coroutine."""
        for pause in _looks(timeout, self):
            record = await self.adetails()
            if record.state.finished:
                return self._output(record)
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    def _found(self, record: JobRecord | None) -> JobRecord:
        if record is None:
            raise JobNotFound(f"there is no job {self.job_id}; it may have passed its retention")
        return record

    def _output(self, record: JobRecord) -> Output:
        if record.state is not JobState.COMPLETED:
            raise JobFailed(_failure(record), record.state.value, record.output)
        if self.job is None:
            return cast("Output", record.output)
        return self.job.output.convert(record.output)


def _looks(timeout: float | None, submitted: SubmittedJob[Any]) -> Iterator[float]:
    ends = None if timeout is None else time.monotonic() + timeout
    pause = FIRST_LOOK
    while True:
        left = pause if ends is None else ends - time.monotonic()
        yield max(0.0, min(pause, left))
        if ends is not None and time.monotonic() >= ends:
            raise ResultTimeout(f"{submitted!r} has not finished within {timeout} s")
        pause = min(pause * 2, LAST_LOOK)


def _failure(record: JobRecord) -> str:
    text = f"{record.name} {record.job_id} {record.state.value} after attempt {record.attempt}"
    if isinstance(record.output, dict):
        output = cast("dict[str, object]", record.output)
        text += f": {output.get('name')}: {output.get('message')}"
        if stack := output.get("stack"):
            text += f"\n\n{stack}"
    return text
