"""Workers that are replaced though nothing is wrong: the new one first, no job harmed."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable

import pytest

from jobs_runtime.database import Connection
from jobs_runtime.submitted import SubmittedJob
from jobs_supervisor.slot_state import SlotState
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
    many: list[SubmittedJob[int]] = []

    def replaced() -> bool:
        many.extend(map(basic.double.submit, range(20)))
        return restarts(running) >= 2

    assert fewest(running, replaced) >= 2
    results = [each.result(5) for each in many]
    assert results == [number * 2 for _ in range(len(many) // 20) for number in range(20)]
    assert {each.details().attempt for each in many} == {1}
    assert "it has made" in running.log
    assert running.stop() == 0


def test_short_jobs_are_not_claimed_beyond_the_limit(pool: Pool) -> None:
    running = pool.start("--max-jobs", "20", app="tests.apps.basic", workers=1)
    for each in basic.double.submit_many(range(200)):
        each.result(20)
    made = re.findall(r"it has made (\d+) attempts", running.log)
    assert 18 <= int(made[0]) <= 22


def test_after_so_much_time_a_tenth_at_once(pool: Pool) -> None:
    running = pool.start("--max-age", "0.5", app="tests.apps.basic", workers=10)
    most, before = list[int](), restarts(running)

    def often_enough() -> bool:
        most.append(sum(slot.wanted for slot in running.slots.workers))
        return restarts(running) >= before + 20

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


KEPT = 0.9
"""The share of the throughput that a pool keeps while it is renewed all the time; 0.95 is promised,
and 0.98 measured, on a machine that does nothing else."""


def throughput(running: Running, connection: Connection) -> float:
    """Jobs of 20 ms that a pool performs in a second; it has learnt how long they take before."""

    def performed(count: int) -> float:
        basic.deep_sleep.submit_many([0.02] * count)
        left = "SELECT count(*) FROM jobs.job"
        return eventually(lambda: connection.execute(left).fetchone() == (0,), 60, "performed")

    performed(400)
    return 1600 / performed(1600)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_throughput_hardly_dips(pool: Pool, connection: Connection) -> None:
    rates: dict[bool, list[float]] = {False: [], True: []}
    for recycles in [False, True, True, False, False, True]:
        limit = ("--max-jobs", "150") if recycles else ()
        running = pool.start(*limit, app="tests.apps.basic", workers=8)
        rates[recycles].append(throughput(running, connection))
        assert (restarts(running) >= 8) is recycles
        assert running.stop() == 0
    assert statistics.median(rates[True]) > KEPT * statistics.median(rates[False]), rates
