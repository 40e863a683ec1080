"""The leader's: forgets what workers took before their last claim."""

from __future__ import annotations

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres.upkeep import forget_claims
from jobs_supervisor.scheduler.duty import Duty

BUSY = 5.0
"""Seconds until the next look while there is something to forget."""

QUIET = 30.0
"""The same while there is nothing."""


class ClaimRecords(Duty):
    """Keeps the record of claims to one for each worker, so that a dead one's is found at once."""

    def perform(self, connection: Connection, now: float) -> float:
        """Forget what is settled."""
        return now + (BUSY if run(connection, forget_claims()) else QUIET)
