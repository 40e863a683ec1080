"""When a queue is looked at from the start again."""

from __future__ import annotations

import pytest

from jobs_runtime.executors.protocol import START, Position
from jobs_supervisor.worker.scan import (
    FULL_LOOK_SHARE,
    LONGEST_PAUSE,
    SLOW_LOOK,
    pause_after,
)
from tests.unit.test_rotation import QUICK, claim, knowing


def test_after_however_long_a_look_another_is_due_in_minutes() -> None:
    assert pause_after(30.0, pool=64) == pause_after(1e6, pool=1) == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("usual", "cost", "counts"),
    [
        pytest.param(2, 10, 8, id="what it takes longer than going on"),
        pytest.param(8, 8, 4, id="half of it if it took no longer"),
    ],
)
def test_what_a_look_from_the_start_costs(usual: float, cost: float, counts: float) -> None:
    rotation = knowing("a")
    rotation.took("a", Position(0, 1), [claim(2)], 1, now=0, cost=usual)
    rotation.took("a", START, [claim(3)], 1, now=100, cost=cost)
    due = 100 + FULL_LOOK_SHARE * counts
    assert rotation.next(due - 0.1) == ("a", Position(0, 3))
    rotation.took("a", Position(0, 3), [claim(4)], 1, now=due - 0.1, cost=usual)
    assert rotation.next(due) == ("a", START)


@pytest.mark.parametrize(
    ("cost", "looks_of_one"),
    [(QUICK, 1), (SLOW_LOOK, 1), (2 * SLOW_LOOK, 2), (8 * SLOW_LOOK, 8), (20 * SLOW_LOOK, 8)],
)
def test_the_slower_looks_are_the_more_a_worker_leaves_to_its_pool(
    cost: float, looks_of_one: int
) -> None:
    rotation = knowing("a")
    rotation.pool = 8
    rotation.took("a", START, [claim(1)], 1, now=100, cost=cost)
    assert rotation.rest() == pytest.approx(looks_of_one * FULL_LOOK_SHARE * cost)
    due = 100 + rotation.rest()
    assert rotation.next(due - cost) == ("a", Position(0, 1))
    rotation.took("a", Position(0, 1), [claim(2)], 1, now=due - cost, cost=0)
    assert rotation.next(due + 0.001) == ("a", START)


def test_those_left_by_long_jobs_look_as_often_as_the_whole_pool_would() -> None:
    rotation = knowing("a")
    rotation.took("a", START, [claim(1)], 1, now=100, cost=2)
    due = 100 + FULL_LOOK_SHARE * 2 / 4
    assert rotation.next(due - 0.1, share=0.25) == ("a", Position(0, 1))
    rotation.took("a", Position(0, 1), [claim(2)], 1, now=due - 0.1, cost=2)
    assert rotation.next(due, share=0.25) == ("a", START)
