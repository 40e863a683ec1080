"""When a worker is replaced though nothing is wrong with it."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass

from jobs_supervisor.memory import resident_bytes
from jobs_supervisor.slots import Slot
from jobs_supervisor.worker.pace import LARGEST

logger = logging.getLogger(__name__)

WEIGH_EVERY = 0.25
"""The shortest time between two looks at memory while there is work, in seconds."""

JITTER = 0.1
"""Limits vary by this share from worker to worker, so that a pool is not renewed all at once."""

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Recycling:
    """Limits; None for no limit.

    Attributes:
        max_jobs: attempts.
        max_age: seconds.
        max_memory: resident memory, in MB.
    """

    max_jobs: int | None = None
    max_age: float | None = None
    max_memory: float | None = None

    def varied(self, share: float) -> Recycling:
        """These limits for one worker, for a `share` drawn from [0, 1); one attempt stays one."""
        factor = 1 - JITTER + 2 * JITTER * share
        jobs = None if self.max_jobs is None else max(1, int(self.max_jobs * factor))
        age = None if self.max_age is None else self.max_age * factor
        return Recycling(jobs, age, self.max_memory)

    def reason(self, jobs: int, age: float, resident_bytes: int) -> str | None:
        """Why a worker is to be replaced now; None if it is not."""
        if self.max_jobs is not None and jobs >= self.max_jobs:
            return f"it has made {jobs:,} attempts"
        if self.max_age is not None and age >= self.max_age:
            return f"it is {age:.0f} s old"
        if self.max_memory is not None and resident_bytes >= self.max_memory * MB:
            return f"it has {resident_bytes / MB:,.0f} MB resident"
        return None


class Recycler:
    """How far one worker is from its limits.

    Args:
        limits: its own.
        slot: where it asks to be replaced; the replacement gets ready first.
    """

    def __init__(self, limits: Recycling, slot: Slot) -> None:
        self._limits = limits
        self._slot = slot
        self._weighed_at = 0.0
        self._resident = 0

    def look(self, *, resting: bool) -> None:
        """Ask to be replaced if it is time.

        Args:
            resting: whether the worker is about to wait, and so has time to look at its memory.
        """
        slot, now = self._slot, time.monotonic()
        if slot.replace:
            return
        # A worker that has done nothing yet is as large as the next would be.
        weighs = self._limits.max_memory is not None and slot.done > 0
        if weighs and (resting or now - self._weighed_at >= WEIGH_EVERY):
            self._weighed_at = now
            self._resident = resident_bytes(os.getpid())
        reason = self._limits.reason(slot.done, now - slot.spawned, self._resident)
        if reason is not None:
            logger.info("%s is replaced: %s", slot.title, reason)
            slot.ask_replacement()

    def jobs_left(self) -> int:
        """How many attempts it may make until its replacement is asked for."""
        if self._limits.max_jobs is None or self._slot.replace:
            return LARGEST
        return max(1, self._limits.max_jobs - self._slot.done)

    def patience(self) -> float:
        """Seconds that the worker may wait before it looks again."""
        if self._limits.max_age is None or self._slot.replace:
            return float("inf")
        return max(0.0, self._slot.spawned + self._limits.max_age - time.monotonic())
