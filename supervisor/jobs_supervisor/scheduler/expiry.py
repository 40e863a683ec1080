"""The leader's: gives up what waited longer than it was to be kept, forgets what ended long ago."""

from __future__ import annotations

from collections.abc import Callable

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import Operation, run
from jobs_runtime.executors.postgres.upkeep import forget_finished, give_up
from jobs_supervisor.scheduler.duty import Duty

EVERY = 5.0
"""Seconds between two looks."""

AT_MOST = 1_000
"""Jobs given up, or forgotten, by one statement."""


class Expiry(Duty):
    """Applies the options `keep_for` and `keep_finished_for`."""

    leader_only = True

    def perform(self, connection: Connection, now: float) -> float:
        """Give up and forget all that is due, a handful at a time."""
        for statement in (give_up, forget_finished):
            _until_done(connection, statement)
        return now + EVERY


def _until_done(connection: Connection, statement: Callable[[int], Operation[int]]) -> None:
    while run(connection, statement(AT_MOST)) == AT_MOST:
        continue
