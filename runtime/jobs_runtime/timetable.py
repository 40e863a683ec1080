"""Schedules as they are kept: those declared in code, and those made at run time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from jobs_runtime.errors import ScheduleError
from jobs_runtime.submitted import SubmittedJob

if TYPE_CHECKING:
    from jobs_runtime.app import Jobs


class ScheduleRecord(NamedTuple):
    """A schedule as it is kept.

    Attributes:
        key: the job's name, and the schedule's own if it has one: `job/name`.
        declared: in code, and so fired only while some running supervisor declares it.
        paused_at: None if it is not paused.
        last_tick: ticks up to this one have been dealt with.
    """

    key: str
    job_name: str
    cron: str
    time_zone: str
    declared: bool
    paused_at: datetime | None
    last_tick: datetime


class StoredSchedule:
    """One schedule in the database.

    Attributes:
        record: what was read of it.
    """

    def __init__(self, jobs: Jobs, record: ScheduleRecord) -> None:
        self._jobs = jobs
        self._operations = jobs.executor.timetable
        self.record = record

    def __repr__(self) -> str:
        return f"<StoredSchedule {self.record.key} {self.record.cron!r}>"

    def pause(self) -> None:
        """Have it fire no more."""
        self._jobs.run(self._operations.pause(self.record.key))

    async def apause(self) -> None:
        """As `pause`, from a coroutine."""
        await self._jobs.arun(self._operations.pause(self.record.key))

    def resume(self) -> None:
        """Have it fire again, from now on; ticks of the pause are not made up for."""
        self._jobs.run(self._operations.resume(self.record.key))

    async def aresume(self) -> None:
        """As `resume`, from a coroutine."""
        await self._jobs.arun(self._operations.resume(self.record.key))

    def run_now(self) -> SubmittedJob[Any]:
        """Submit its job at once, beside its ticks; paused or not.

        Raises:
            ScheduleError: it was removed, or a job that waits or runs holds its singleton key.
        """
        return self._submitted(self._jobs.run(self._operations.run_now(self.record.key)))

    async def arun_now(self) -> SubmittedJob[Any]:
        """As `run_now`, from a coroutine."""
        return self._submitted(await self._jobs.arun(self._operations.run_now(self.record.key)))

    def remove(self) -> None:
        """Forget it.

        Raises:
            ScheduleError: it is declared in code, where it has to be removed.
        """
        self._check_removed(self._jobs.run(self._operations.remove(self.record.key)))

    async def aremove(self) -> None:
        """As `remove`, from a coroutine."""
        self._check_removed(await self._jobs.arun(self._operations.remove(self.record.key)))

    def _submitted(self, job_id: str | None) -> SubmittedJob[Any]:
        if job_id is None:
            raise ScheduleError(
                f"the schedule {self.record.key} was removed, or its singleton key is held"
            )
        name = self.record.job_name
        job, executor = self._jobs.declared.get(name), self._jobs.executor
        return SubmittedJob(self._jobs, job_id, name, job, executor=executor)

    def _check_removed(self, removed: bool) -> None:
        if not removed and self.record.declared:
            raise ScheduleError(f"the schedule {self.record.key} is declared in code")
