"""The guard thread: while a slow job runs, it sees to everything that must not wait for it.

It flushes the outcomes known so far, gives back the jobs claimed with the slow one, passes a cancel
on to an `async def` job, and shows the job in the process title. An idle worker's guard sleeps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SLOW = 0.06
"""Seconds after which a batch may hold nothing up: a claim is of 50 ms of work."""

SLOW_JOB = 0.03
"""Seconds after which a job may hold nothing up: one of more than 25 ms is claimed alone."""

LOOK = 0.05
"""Seconds between two looks while a batch is slow."""


def time_left(now: float, batch_began: float, job_began: float) -> float:
    """Seconds until a batch may hold nothing up any more; none are left once it is slow.

    Args:
        now: in seconds of the monotonic clock.
        batch_began: when the batch was.
        job_began: when a job was begun last, of this batch or of one before.
    """
    return min(batch_began + SLOW, max(batch_began, job_began) + SLOW_JOB) - now


class Guard:
    """Calls `look` again and again while the worker is busy.

    Args:
        look: called in the guard's thread; gives the seconds until it is to be called again.
    """

    def __init__(self, look: Callable[[], float]) -> None:
        self._look = look
        self._failure: Exception | None = None
        self._busy = threading.Event()
        threading.Thread(target=self._watch, name="guard", daemon=True).start()

    def wake(self) -> None:
        """The worker has something to do."""
        self._busy.set()

    def check(self) -> None:
        """Raise what ended the guard: a worker without one ends, and what it holds is settled."""
        if self._failure is not None:
            raise self._failure

    def rest(self) -> None:
        """The worker is idle."""
        self._busy.clear()

    def _watch(self) -> None:
        pause = LOOK
        while True:
            self._busy.wait()
            time.sleep(pause)
            try:
                pause = self._look()
            except Exception as error:
                self._failure = error
                return
