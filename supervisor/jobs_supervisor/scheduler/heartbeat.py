"""Says every few seconds that this supervisor lives, and notices if it was given up for dead."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_supervisor import metrics
from jobs_supervisor.counters import Row
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.slots import Slot, SlotState

logger = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two heartbeats."""


class Heartbeat(Duty):
    """One row a supervisor, on the database's clock.

    Args:
        record: what to announce.
        workers: the slots it speaks for.
        row: where it says when it last beat.
        wake_all: called when workers had to be told to look for work.
    """

    def __init__(
        self,
        record: SupervisorRecord,
        workers: list[Slot],
        row: Row,
        wake_all: Callable[[], None],
    ) -> None:
        super().__init__()
        self._record = record
        self._workers = workers
        self._row = row
        self._wake_all = wake_all

    def announce(self, connection: Connection) -> None:
        """Register the supervisor."""
        run(connection, upkeep.register_supervisor(self._record))

    def perform(self, connection: Connection, now: float) -> float:
        """Beat. After a false burial, register again and have every worker replaced.

        The claims of those workers were given to others and their incarnations are refused.
        """
        idle = any(slot.state is SlotState.IDLE for slot in self._workers)
        if not run(connection, upkeep.heartbeat(self._record.id, idle=idle)):
            logger.warning("this supervisor was given up for dead; its workers are replaced")
            self.announce(connection)
            for slot in self._workers:
                slot.ask_replacement()
            self._wake_all()
        self._row.set(metrics.HEARTBEAT, time.time())
        return now + EVERY
