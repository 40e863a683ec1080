"""Says every few seconds that this supervisor lives, and notices if it was given up for dead."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_supervisor import metrics
from jobs_supervisor.counters import Row
from jobs_supervisor.pulse import Pulse
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot

logger = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two heartbeats."""

LATE = 2 * EVERY
"""Seconds between two heartbeats that make a gap."""


class Heartbeat(Duty):
    """One row a supervisor, on the database's clock.

    Args:
        record: what to announce.
        workers: the slots it speaks for.
        pulse: where workers see that a heartbeat has arrived.
        row: where it says when the last one did.
        wake_all: called when workers had to be told to look for work.

    Attributes:
        steady_since: since when they have arrived without a gap, in monotonic seconds; a gap by the
            database's clock is one, too, for others are judged by that.
    """

    def __init__(
        self,
        record: SupervisorRecord,
        workers: list[Slot],
        pulse: Pulse,
        row: Row,
        wake_all: Callable[[], None],
    ) -> None:
        super().__init__()
        self._record = record
        self._workers = workers
        self._pulse = pulse
        self._row = row
        self._wake_all = wake_all
        self._declared_at: datetime | None = None
        self._sent_at = float("-inf")
        self._complete = False  # a pool opens its slots one after the other
        self.steady_since = float("inf")

    def announce(self, connection: Connection) -> None:
        """Register the supervisor, or on a new connection see whether it still is."""
        if self._declared_at is None:
            self._register(connection)
        else:
            self.perform(connection, time.monotonic())

    def _register(self, connection: Connection) -> None:
        sent_at = time.monotonic()
        register = upkeep.register_supervisor(self._record, self._declared_at)
        self._declared_at = run(connection, register)
        self._arrived(sent_at, 0.0)

    def perform(self, connection: Connection, now: float) -> float:
        """Beat; after a false burial, register again."""
        sent_at = time.monotonic()
        idle = any(slot.state is SlotState.IDLE for slot in self._workers)
        beat = upkeep.heartbeat(self._record.id, idle=idle, workers=self._count_workers())
        gap = run(connection, beat)
        if gap is not None:
            self._arrived(sent_at, gap)
        else:
            logger.warning("this supervisor was given up for dead")
            self._register(connection)
        return now + EVERY

    def _count_workers(self) -> int:
        wanted = sum(slot.wanted for slot in self._workers)
        self._complete = self._complete or wanted >= self._record.workers
        return wanted if self._complete else self._record.workers

    def _arrived(self, sent_at: float, gap: float) -> None:
        self._pulse.beat(sent_at)
        if max(gap, sent_at - self._sent_at) > LATE:
            self.steady_since = sent_at
            self._wake_all()
        self._sent_at = sent_at
        self._row.set(metrics.HEARTBEAT, time.time())
