from __future__ import annotations

import time
from queue import Queue

from jobs_supervisor.worker.guard import Guard

PATIENCE = 10.0
"""Seconds."""


def test_it_looks_again_after_as_long_as_it_was_told() -> None:
    looks: Queue[float] = Queue()
    pauses = iter([0.2, 0.0, 1000.0])

    def look() -> float:
        looks.put(time.monotonic())
        return next(pauses)

    guard = Guard(look)
    assert looks.empty()
    guard.wake()
    first, second, third = (looks.get(timeout=PATIENCE) for _ in range(3))
    assert second - first >= 0.2 > third - second


def test_it_sleeps_while_the_worker_rests() -> None:
    looks: Queue[None] = Queue()

    def look() -> float:
        guard.rest()
        looks.put(None)
        return 0.0

    guard = Guard(look)
    for _ in range(3):
        guard.wake()
        looks.get(timeout=PATIENCE)
    assert looks.empty()
