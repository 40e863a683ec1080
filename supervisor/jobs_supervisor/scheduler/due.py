"""The leader's: makes delayed jobs claimable when their time has come."""

from __future__ import annotations

import time

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres.upkeep import make_due, next_due
from jobs_supervisor.scheduler.duty import Duty

AT_MOST = 1_000
"""Jobs made due by one statement."""

LOOK = 1.0
"""The longest time between two looks, in seconds; sooner on a notification."""


class DueJobs(Duty):
    """Sleeps until the earliest delayed job's time."""

    def perform(self, connection: Connection, now: float) -> float:
        """Make due a handful of what is; gives the time of the next."""
        left = run(connection, next_due())
        if left is not None and left <= 0:
            made = run(connection, make_due(AT_MOST))
            # If there was none then what is due is locked: by who cancels it, for example.
            left = run(connection, next_due()) if made else None
        return time.monotonic() + (LOOK if left is None else min(left, LOOK))
