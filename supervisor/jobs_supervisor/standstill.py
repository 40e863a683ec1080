"""Whether a child has come to a halt, such as one that was stopped by a signal or is in a deadlock.

It is judged by a time in which the supervisor ran itself: after a freeze of the whole host, or of
its container, everybody is late.
"""

from __future__ import annotations

import logging

from jobs_supervisor.pulse import Pulse
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot

logger = logging.getLogger(__name__)

STANDSTILL = 3.0
"""Seconds between two turns of the supervisor's loop, which sleeps for one at most, that mean that
it was stopped itself."""

SILENT_FOR = 12.0
"""Seconds without a heartbeat after which a scheduler that is connected is replaced: the next one's
is to arrive before the workers stop claiming."""

CONNECTS_WITHIN = 60.0
"""Seconds after which a scheduler whose try to connect does not end is replaced."""

OVERSLEEPS_BY = 10.0
"""Seconds after which a worker that should have woken up is replaced."""


class Wakefulness:
    """How long the supervisor has run without a standstill of its own.

    Args:
        now: the present, in seconds of the monotonic clock.

    Attributes:
        since: when that began.
    """

    def __init__(self, now: float) -> None:
        self.since = self._turned_at = now

    def turn(self, now: float) -> None:
        """The loop begins another turn."""
        if now - self._turned_at > STANDSTILL:
            logger.warning("the supervisor stood still for %.1f s", now - self._turned_at)
            self.since = now
        self._turned_at = now


def scheduler_has_stopped(scheduler: Slot, pulse: Pulse, awake_since: float, now: float) -> bool:
    """Whether a scheduler has come to a halt, connected or in one try to connect.

    Args:
        scheduler: its slot; it enters `CONNECTING` with every try.
        pulse: where its heartbeats are seen.
        awake_since: since when the supervisor has run without a standstill of its own.
        now: the present, like `awake_since` in seconds of the monotonic clock.
    """
    since = max(scheduler.since, awake_since)
    if scheduler.state is SlotState.CONNECTING:
        return now - since > CONNECTS_WITHIN
    return scheduler.idle and pulse.is_silent(now, since, SILENT_FOR)


def worker_has_stopped(worker: Slot, awake_since: float, now: float) -> bool:
    """Whether a worker that waits has not woken up when it was to look for work by itself.

    One in a job has the job's time limit, and one that talks to the database may take its time.

    Args:
        worker: its slot.
        awake_since: since when the supervisor has run without a standstill of its own.
        now: the present, like `awake_since` in seconds of the monotonic clock.
    """
    return worker.idle and now > max(worker.deadline, awake_since) + OVERSLEEPS_BY
