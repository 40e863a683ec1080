"""Other supervisors of this host that were killed: their jobs need not wait for a silence.

A supervisor that starts again after a crash finds the one before it here.
"""

from __future__ import annotations

import logging

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_supervisor.liveness import is_running
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.scheduler.rescue import RECONCILE_EVERY, Rescue

logger = logging.getLogger(__name__)


class Neighbours(Duty):
    """Buries the supervisors of its place of which no process runs any more.

    Args:
        rescue: settles what their workers held.
        supervisor_id: its own.
        place: where process ids mean what they mean here.
    """

    def __init__(self, rescue: Rescue, supervisor_id: str, place: str) -> None:
        super().__init__()
        self._rescue = rescue
        self._supervisor_id = supervisor_id
        self._place = place

    def perform(self, connection: Connection, now: float) -> float:
        """Look at each; a process id that somebody else has by now only delays its burial."""
        for other in run(connection, upkeep.neighbours(self._place, self._supervisor_id)):
            if any(map(is_running, other.pids)):
                continue
            logger.warning("supervisor %s of this host has died", other.id)
            for incarnation in other.incarnations:
                self._rescue.settle_unknown(connection, incarnation)
            run(connection, upkeep.unregister_supervisor(other.id))
        return now + RECONCILE_EVERY
