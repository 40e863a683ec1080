"""The operations of an application on stored schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs_runtime.executors.operation import Operation, nothing
from jobs_runtime.executors.postgres.rows import stored_options
from jobs_runtime.executors.postgres.statements import statement
from jobs_runtime.schedule import Schedule
from jobs_runtime.timetable import ScheduleRecord

if TYPE_CHECKING:
    from jobs_runtime.job import Job

TIMELESS = {"start_after": None, "singleton_seconds": None, "singleton_next_slot": False}
"""A schedule's ticks say when and how often: these options do not apply."""


class PostgresTimetable:
    """Stored schedules on our own tables."""

    def write(self, job: Job[Any, Any], schedule: Schedule) -> Operation[bool]:
        """Write a schedule made at run time; gives False if code declares one of this key.

        Raises:
            PayloadError, OptionError: its args or options do not fit the job.
        """
        return Operation(statement("write_schedule"), _row(job, schedule), bool)

    def declare(
        self, job: Job[Any, Any], schedule: Schedule, supervisor_id: str
    ) -> Operation[bool]:
        """Write a schedule as a supervisor's code declares it; gives whether that was needed.

        Raises:
            PayloadError, OptionError: its args or options do not fit the job.
        """
        parameters = {**_row(job, schedule), "supervisor_id": supervisor_id}
        return Operation(statement("declare_schedule"), parameters, bool)

    def read(self) -> Operation[list[ScheduleRecord]]:
        """Every schedule there is."""
        return Operation(
            statement("timetable"), {}, lambda rows: [ScheduleRecord(*row) for row in rows]
        )

    def pause(self, key: str) -> Operation[None]:
        """Have a schedule fire no more."""
        return Operation(statement("pause_schedule"), {"key": key}, nothing)

    def resume(self, key: str) -> Operation[None]:
        """Have a schedule fire again, from now on."""
        return Operation(statement("resume_schedule"), {"key": key}, nothing)

    def run_now(self, key: str) -> Operation[str | None]:
        """Submit a schedule's job; gives its id, None if that cannot be."""
        return Operation(
            statement("run_schedule"), {"key": key}, lambda rows: rows[0][0] if rows else None
        )

    def remove(self, key: str) -> Operation[bool]:
        """Forget a schedule made at run time; gives whether there was one."""
        return Operation(statement("remove_schedule"), {"key": key}, bool)


def _row(job: Job[Any, Any], schedule: Schedule) -> dict[str, object]:
    options = job.options_for(*job.layers, schedule.options or {}, TIMELESS)
    return {
        "key": schedule_key(job, schedule),
        "name": job.name,
        "queue": job.queue,
        "cron": schedule.cron,
        "time_zone": schedule.time_zone,
        "missed": schedule.missed,
        "missed_limit": schedule.missed_limit,
        "overlap": schedule.overlap,
        "rank": -options.priority,
        "args": job.input.encode(schedule.args),
        "options": stored_options(options),
    }


def schedule_key(job: Job[Any, Any], schedule: Schedule) -> str:
    """What a schedule is called: its job, and its own name if it has one.

    No two are called the same: its own name has no `/`, and a job whose name has one gives a name
    to each of its schedules.
    """
    return f"{job.name}/{schedule.name}" if schedule.name else job.name
