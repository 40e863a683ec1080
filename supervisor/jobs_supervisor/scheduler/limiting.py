"""Puts jobs under limits that whoever submitted them did not know of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres.upkeep import limit_waiting
from jobs_runtime.job import Job
from jobs_supervisor.scheduler.duty import Duty

EVERY = 1.0
"""Seconds between two looks."""

AT_MOST = 5_000
"""Jobs looked at in one queue; those behind them have their turn when these are gone."""


class Limiting(Duty):
    """Web servers with older code go on submitting without limits, and delays may be long.

    Args:
        jobs: the declared jobs.
    """

    def __init__(self, jobs: Mapping[str, Job[Any, Any]]) -> None:
        super().__init__()
        self._queues = sorted({job.queue for job in jobs.values() if job.limits})

    def perform(self, connection: Connection, now: float) -> float:
        """Look at the front of each queue with limits."""
        for queue in self._queues:
            run(connection, limit_waiting(queue, AT_MOST))
        return now + EVERY if self._queues else float("inf")
