"""The leader's: makes the history's partitions ahead of time and drops the old ones."""

from __future__ import annotations

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres.partitions import create_partitions, drop_partitions
from jobs_runtime.executors.postgres.upkeep import forget_beginnings, forget_ticks
from jobs_supervisor.scheduler.duty import Duty

EVERY = 3600.0
"""Seconds between two looks."""


class Retention(Duty):
    """Keeps finished jobs for so many days.

    Args:
        days: whole days of history to keep.
    """

    def __init__(self, days: int) -> None:
        super().__init__()
        self._days = days

    def perform(self, connection: Connection, now: float) -> float:
        """Create, drop, forget."""
        create_partitions(connection)
        drop_partitions(connection, self._days)
        run(connection, forget_ticks(self._days))
        run(connection, forget_beginnings())
        return now + EVERY
