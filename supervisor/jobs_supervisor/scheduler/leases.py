"""Jobs of a pg-boss that this host's workers perform: are they still theirs, and does Node know?"""

from __future__ import annotations

from collections.abc import Sequence

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import PgBossLeases
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.slots import Slot

EVERY = 0.5
"""Seconds between two looks while a worker is busy."""


class Leases(Duty):
    """Tells workers to stop an attempt when somebody, Node too, has cancelled or expired its job.

    And keeps Node from expiring those that it expects signs of life from.

    Args:
        leases: of the tables that the jobs are in.
        workers: the slots it looks after.
    """

    def __init__(self, leases: PgBossLeases, workers: Sequence[Slot]) -> None:
        super().__init__()
        self._leases = leases
        self._workers = workers

    def perform(self, connection: Connection, now: float) -> float:
        """Raise the cancel flag of attempts whose jobs are not theirs any more."""
        leasing = {slot.incarnation: slot for slot in self._workers if slot.job_id < 0}
        if leasing:
            if beat := self._leases.beat(list(leasing)):
                run(connection, beat)
            for lease, incarnation in run(connection, self._leases.lost(list(leasing))):
                slot = leasing[incarnation]
                if slot.job_id == lease and not slot.cancelled:
                    slot.cancel(lease)
        return now + EVERY
