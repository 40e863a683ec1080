"""Workers that are replaced though nothing is wrong: the new one first, no job harmed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jobs_supervisor.slots import SlotState
from tests.apps import basic, unruly
from tests.support.pool import Pool, Running, eventually


def restarts(running: Running) -> int:
    return sum(slot.restarts for slot in running.slots.workers)


def fewest(running: Running, until: Callable[[], bool]) -> int:
    """The smallest number of workers that could claim, until something holds."""
    counts: list[int] = []

    def sampled() -> bool:
        able = (SlotState.IDLE, SlotState.BUSY)
        counts.append(sum(slot.state in able for slot in running.slots.workers))
        return until()

    eventually(sampled, 20, "recycled often enough")
    return min(counts)


def test_after_so_many_attempts(pool: Pool) -> None:
    running = pool.start("--max-jobs", "10", app="tests.apps.basic", workers=2)
    many = [basic.double.submit(number) for number in range(100)]
    assert fewest(running, lambda: many[-1].details().state == "completed") >= 2
    assert [each.result(5) for each in many] == [number * 2 for number in range(100)]
    assert {each.details().attempt for each in many} == {1}
    eventually(lambda: restarts(running) >= 2, 10, "both are replaced")
    assert "it has made" in running.log
    assert running.stop() == 0


def test_after_so_much_time_a_tenth_at_once(pool: Pool) -> None:
    running = pool.start("--max-age", "0.5", app="tests.apps.basic", workers=10)
    most: list[int] = []

    def often_enough() -> bool:
        most.append(sum(slot.wanted for slot in running.slots.workers))
        return restarts(running) >= 20

    assert fewest(running, often_enough) >= 10
    assert max(most) == 11
    assert "s old" in running.log


@pytest.mark.parametrize("workers", [1, 2])
def test_with_so_much_memory(pool: Pool, workers: int) -> None:
    running = pool.start("--max-memory", "150", app="tests.apps.unruly", workers=workers)
    hog = unruly.hoard.submit(200)
    first = hog.result(10)
    eventually(lambda: restarts(running) == 1, 10, "it is replaced")
    assert "MB resident" in running.log
    assert unruly.well_behaved.submit().result(5) != first
    assert hog.details().attempt == 1
