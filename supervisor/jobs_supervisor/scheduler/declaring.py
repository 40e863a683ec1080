"""Keeps the schedules in the database as the newest code that runs declares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.job import Job
from jobs_supervisor.scheduler.duty import Duty

EVERY = 10.0
"""Seconds between two looks: when newer code went away, this may be the newest again."""


class Declaring(Duty):
    """Writes what differs, unless a supervisor of newer code declares the schedule as well.

    Args:
        supervisor_id: whose schedules they are.
        jobs: the declared jobs.
    """

    def __init__(self, supervisor_id: str, jobs: Mapping[str, Job[Any, Any]]) -> None:
        super().__init__()
        self._writes = [
            PostgresExecutor.timetable.declare(job, schedule, supervisor_id)
            for job in jobs.values()
            if job.executor.name == PostgresExecutor.name
            for schedule in job.schedules
        ]

    def perform(self, connection: Connection, now: float) -> float:
        """Write each."""
        for write in self._writes:
            run(connection, write)
        return now + EVERY
