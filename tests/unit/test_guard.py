from __future__ import annotations

import time
from queue import Queue

import pytest

from jobs_supervisor.worker.guard import SLOW, SLOW_JOB, Guard, time_left
from tests.support.pool import eventually

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


def test_what_ends_it_is_the_workers_to_raise() -> None:
    def look() -> float:
        raise LookupError("no such table")

    guard = Guard(look)
    guard.check()
    guard.wake()
    with pytest.raises(LookupError, match="no such table"):
        eventually(lambda: bool(guard.check()), PATIENCE, "it has ended")


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


@pytest.mark.parametrize(
    ("now", "job_began", "left"),
    [
        pytest.param(100.0, 100.0, SLOW_JOB, id="the first job has begun"),
        pytest.param(100.0 + SLOW_JOB, 100.0, 0.0, id="the first job is slow"),
        pytest.param(100.0 + SLOW_JOB, 100.0 + SLOW_JOB, SLOW - SLOW_JOB, id="another has begun"),
        pytest.param(100.0 + SLOW, 100.0 + SLOW, 0.0, id="many quick jobs are slow together"),
        pytest.param(100.0, 1.0, SLOW_JOB, id="the job begun last was of the batch before"),
    ],
)
def test_when_a_batch_may_hold_nothing_up_any_more(
    now: float, job_began: float, left: float
) -> None:
    assert time_left(now, 100.0, job_began) == pytest.approx(left)
