"""The leader's: gives up what waited longer than it was to be kept, forgets what ended long ago."""

from __future__ import annotations

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres.upkeep import forget_finished, give_up
from jobs_supervisor.scheduler.duty import Duty

EVERY = 5.0
"""Seconds between two looks."""

AT_MOST = 1_000
"""Jobs given up, or forgotten, by one statement."""


class Expiry(Duty):
    """Applies the options `keep_for` and `keep_finished_for`."""

    def perform(self, connection: Connection, now: float) -> float:
        """Give up and forget a handful; at once again if there is more."""
        full = [run(connection, each(AT_MOST)) == AT_MOST for each in (give_up, forget_finished)]
        return now if any(full) else now + EVERY
