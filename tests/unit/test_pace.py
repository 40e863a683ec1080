from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_supervisor.worker.pace import GROWTH, LARGEST, TARGET, Pace


def grown(pace: Pace, queue: str, seconds: float) -> list[int]:
    """The claims of a queue whose jobs all take so long, until their size no longer changes."""
    limits = [pace.limit(queue)]
    while len(limits) < 2 or limits[-1] != limits[-2]:
        pace.learn(queue, limits[-1], limits[-1] * seconds)
        limits.append(pace.limit(queue))
    return limits


def test_an_unknown_queue_is_tried_with_one_job() -> None:
    assert Pace().limit("render") == 1


@pytest.mark.parametrize(
    ("seconds", "limits"),
    [
        (0.00001, [1, 8, 64, 512, 800, 800]),
        (0.001, [1, 8, 50, 50]),
        (0.02, [1, 2, 2]),
        (0.05, [1, 1]),
        (60.0, [1, 1]),
    ],
)
def test_a_claim_grows_to_fifty_milliseconds_of_work(seconds: float, limits: list[int]) -> None:
    assert grown(Pace(), "render", seconds) == limits


def test_one_slow_batch_shrinks_the_next_claim_at_once() -> None:
    pace = Pace()
    assert grown(pace, "render", 0.00005)[-1] == LARGEST
    pace.learn("render", 1, 10.0)
    assert pace.limit("render") == 1


def test_a_batch_that_was_quicker_counts_for_a_fifth() -> None:
    pace = Pace()
    pace.learn("render", 10, 0.1)
    pace.learn("render", 10, 0.0)
    assert pace.limit("render") == int(TARGET / 0.008)


def test_a_batch_without_jobs_teaches_nothing() -> None:
    pace = Pace()
    pace.learn("render", 0, 5.0)
    assert pace.limit("render") == 1
    pace.learn("render", 10, 0.01)
    before = pace.limit("render")
    pace.learn("render", 0, 5.0)
    assert pace.limit("render") == before > 1


def test_queues_do_not_know_of_each_other() -> None:
    pace = Pace()
    grown(pace, "quick", 0.00005)
    grown(pace, "slow", 1.0)
    assert (pace.limit("quick"), pace.limit("slow"), pace.limit("new")) == (LARGEST, 1, 1)


batches = st.lists(st.tuples(st.integers(0, LARGEST), st.floats(0, 1e6)), max_size=30)


@given(batches)
def test_a_claim_is_never_empty_too_large_or_a_wild_guess(history: list[tuple[int, float]]) -> None:
    pace = Pace()
    last = 1
    for jobs, seconds in history:
        pace.learn("render", jobs, seconds)
        last = jobs or last
        assert 1 <= pace.limit("render") <= min(LARGEST, last * GROWTH)


@given(batches, st.floats(0.0001, 100))
def test_whatever_was_before_the_pace_is_found_again(
    history: list[tuple[int, float]], seconds: float
) -> None:
    pace = Pace()
    for jobs, took in history:
        pace.learn("render", jobs, took)
    for _ in range(200):
        pace.learn("render", pace.limit("render"), pace.limit("render") * seconds)
    assert pace.limit("render") == pytest.approx(max(1, TARGET / seconds), abs=1.01)


def test_a_claim_shrinks_with_the_share_of_the_pool_that_is_not_in_a_long_job() -> None:
    pace = Pace()
    assert grown(pace, "render", 0.001)[-1] == 50
    assert [pace.limit("render", share) for share in (0.5, 0.1, 1 / 64, 0.0)] == [25, 5, 1, 1]


def test_the_shortest_jobs_are_claimed_by_many_with_most_of_the_pool_in_long_jobs() -> None:
    pace = Pace()
    assert grown(pace, "render", 0.00001)[-1] == LARGEST
    assert pace.limit("render", 0.1) == 500
