"""The leader's: makes the history's partitions ahead of time, takes old ones off, forgets."""

from __future__ import annotations

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import Operation, run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.executors.postgres.partitions import create_partitions
from jobs_runtime.executors.postgres.retiring import (
    clear_retired,
    overdue_partitions,
    retire_partitions,
)
from jobs_supervisor.scheduler.duty import Duty

EVERY = 3600.0
"""Seconds between two looks."""

SOON = 60.0
"""Seconds until a partition whose lock could not be had at once is tried again."""

AT_MOST = 1_000
"""Rows moved or forgotten by one statement."""


class Retention(Duty):
    """Keeps finished jobs for so many days.

    Args:
        days: whole days of history to keep.
    """

    def __init__(self, days: int) -> None:
        super().__init__()
        self._days = days
        self._in_work = False

    def perform(self, connection: Connection, now: float) -> float:
        """Create and retire; move and forget a handful, and at once again if there is more."""
        if not self._in_work:
            create_partitions(connection)
            retire_partitions(connection, self._days)
        full = [run(connection, each) == AT_MOST for each in self._forgetting()]
        self._in_work = clear_retired(connection, AT_MOST) or any(full)
        if self._in_work:
            return now
        return now + (SOON if overdue_partitions(connection, self._days) else EVERY)

    def _forgetting(self) -> list[Operation[int]]:
        return [
            upkeep.forget_ticks(self._days, AT_MOST),
            upkeep.forget_strays(self._days, AT_MOST),
            upkeep.forget_slots(AT_MOST),
            upkeep.forget_waiters(AT_MOST),
            upkeep.forget_pgboss_waiters(AT_MOST),
            upkeep.forget_deaths(AT_MOST),
            upkeep.forget_beginnings(AT_MOST),
        ]
