from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_runtime.executors.protocol import START, Position, ReadyQueue
from jobs_runtime.model import Claim
from jobs_runtime.options import DEFAULTS
from jobs_supervisor.worker.rotation import Rotation
from jobs_supervisor.worker.scan import DEAR_LOOK, FULL_LOOK_SHARE, SLOW_LOOK, WOKEN

QUICK, DEAR = SLOW_LOOK / 2, 3 * DEAR_LOOK


def claim(job_id: int, rank: int = 0) -> Claim:
    return Claim(job_id, "render", rank, 1, 0, None, DEFAULTS, 0.0)


def knowing(*queues: str) -> Rotation:
    """A rotation that was told of these queues, in this order, at time 0."""
    rotation = Rotation()
    rotation.refresh([ReadyQueue(queue, rank) for rank, queue in enumerate(queues)], 0, 0)
    return rotation


def test_nothing_is_known_at_first() -> None:
    rotation = Rotation()
    assert rotation.next(0) is None
    assert rotation.unknown(["a", "b", "c"], 0, besides="b") == ["a", "c"]


def test_the_most_urgent_queue_comes_first() -> None:
    rotation = Rotation()
    rotation.refresh([ReadyQueue("a", 5), ReadyQueue("b", -7), ReadyQueue("c", 0)], 0, 0)
    order: list[str] = []
    while (turn := rotation.next(0)) is not None:
        order.append(turn[0])
        rotation.took(*turn, [], 10, 0, 0)
    assert order == ["b", "c", "a"]


def test_a_full_claim_goes_on_where_it_ended_after_the_others_had_their_turn() -> None:
    rotation = knowing("a", "b")
    rotation.took("a", START, [claim(1), claim(2, rank=3)], 2, 0, cost=1)
    assert rotation.next(0) == ("b", START)
    rotation.took("b", START, [claim(7), claim(8)], 2, 0, cost=1)
    assert rotation.next(0) == ("a", Position(3, 2))


def test_a_queue_without_a_full_claim_from_the_start_has_run_dry() -> None:
    rotation = knowing("a")
    rotation.took("a", START, [claim(1)], 2, 0, 0)
    assert rotation.next(0) is None


def test_a_queue_that_ended_behind_a_position_is_looked_at_from_the_start() -> None:
    rotation = knowing("a")
    rotation.took("a", START, [claim(1), claim(2)], 2, now=0, cost=QUICK)
    rotation.took("a", Position(0, 2), [], 2, now=0, cost=QUICK)
    assert rotation.next(0) == ("a", START)
    rotation.took("a", START, [], 2, now=0, cost=QUICK)
    assert rotation.next(0) is None


def test_a_queue_that_ends_goes_on_from_there_until_nothing_comes() -> None:
    rotation = knowing("a")
    rotation.took("a", START, [claim(1), claim(2)], 2, now=0, cost=1)
    rotation.took("a", Position(0, 2), [claim(3)], 2, now=0, cost=1)
    assert rotation.next(0) == ("a", Position(0, 3))


def test_a_slow_look_that_finds_nothing_does_not_prove_a_queue_dry() -> None:
    rotation = knowing("a")
    rotation.took("a", Position(0, 8), [claim(9)], 1, now=0, cost=0)
    rotation.took("a", START, [], 1, now=0, cost=2 * SLOW_LOOK)
    assert rotation.next(0) == ("a", Position(0, 9))
    rotation.took("a", Position(0, 9), [claim(10)], 1, now=0, cost=0)
    assert rotation.next(0) == ("a", Position(0, 10))


def test_a_queue_with_nothing_behind_and_nothing_ahead_has_run_dry() -> None:
    rotation = knowing("a")
    rotation.took("a", Position(0, 8), [claim(9)], 1, now=0, cost=0)
    rotation.took("a", START, [], 1, now=0, cost=2 * SLOW_LOOK)
    rotation.took("a", Position(0, 9), [], 1, now=0, cost=0)
    assert rotation.next(0) is None


def test_what_a_slow_look_found_behind_the_position_does_not_move_it_back() -> None:
    rotation = knowing("a")
    rotation.took("a", Position(0, 8), [claim(9)], 2, now=0, cost=0)
    rotation.took("a", START, [claim(3)], 2, now=0, cost=2 * SLOW_LOOK)
    assert rotation.next(0) == ("a", Position(0, 9))


def test_slow_looks_at_a_queue_always_taken_from_the_start_end() -> None:
    rotation = knowing("limited")
    rotation.took("limited", START, [claim(9)], 1, now=0, cost=2 * SLOW_LOOK)
    rotation.took("limited", START, [], 1, now=0, cost=2 * SLOW_LOOK)
    rotation.took("limited", START, [], 1, now=0, cost=2 * SLOW_LOOK)
    assert rotation.next(0) is None


def test_a_full_look_is_due_when_it_costs_little_of_the_time_since_the_last() -> None:
    rotation = knowing("a")
    rotation.took("a", START, [claim(1)], 1, now=100, cost=2)
    due = 100 + FULL_LOOK_SHARE * 2
    assert rotation.next(due - 0.1) == ("a", Position(0, 1))
    rotation.took("a", Position(0, 1), [claim(2)], 1, now=due - 0.1, cost=2)
    assert rotation.next(due) == ("a", START)


def dry(cost: float) -> Rotation:
    """A rotation that took job 1 and no more; to look at the queue costs so much."""
    rotation = knowing("a")
    rotation.took("a", START, [claim(1)], 1, now=0, cost=cost)
    rotation.took("a", Position(0, 1), [], 1, now=0, cost=0)
    while (turn := rotation.next(0)) is not None:
        rotation.took(*turn, [], 1, now=0, cost=cost if turn[1] == START else 0)
    return rotation


def test_before_a_wait_a_worker_looks_from_the_start_unless_that_is_dear() -> None:
    for cost in (QUICK, 2 * SLOW_LOOK):
        assert dry(cost).last("a", now=1) == ("a", START)
    assert dry(DEAR).last("a", now=1) == ("a", Position(0, 1))
    assert dry(DEAR).last("a", now=FULL_LOOK_SHARE * DEAR) == ("a", START)


def test_a_queue_that_is_dear_to_ask_gets_a_turn_instead() -> None:
    rotation = dry(DEAR)
    assert rotation.unknown(["a", "b", "c"], now=1, besides="b") == ["c"]
    assert rotation.next(1) == ("a", Position(0, 1))
    rotation.took("a", Position(0, 1), [], 1, now=1, cost=0)
    assert rotation.next(1) is None


def test_after_a_wait_a_worker_looks_from_the_start_where_that_is_quick() -> None:
    rotation = dry(QUICK)
    rotation.rested(woken=True)
    assert rotation.next(100) is None
    assert rotation.last("a", 100) == ("a", START)


def test_a_worker_that_was_woken_goes_on_first_where_looks_are_slow() -> None:
    rotation = dry(DEAR)
    rotation.rested(woken=True)
    assert rotation.next(100) == ("a", Position(0, 1))
    rotation.took("a", Position(0, 1), [claim(2)], 2, now=100, cost=0)
    assert rotation.next(1) == ("a", Position(0, 2))
    rotation.took("a", Position(0, 2), [], 2, now=1, cost=0)
    assert rotation.next(1) is None


@pytest.mark.parametrize("late", [False, True])
def test_a_worker_that_was_woken_and_finds_nothing_ahead_looks_behind_when_that_is_due(
    late: bool,
) -> None:
    rotation = dry(DEAR)
    rotation.rested(woken=True)
    due = WOKEN * DEAR
    rotation.took("a", Position(0, 1), [], 1, now=due if late else due - 0.1, cost=0)
    assert rotation.next(due) == (("a", START) if late else None)


@pytest.mark.parametrize("woken", [False, True])
def test_a_worker_of_several_dear_queues_comes_to_rest(woken: bool) -> None:
    queues = ["a", "b", "c"]
    rotation = knowing(*queues)
    for number, queue in enumerate(queues):
        rotation.took(queue, START, [claim(number + 1)], 1, now=0, cost=DEAR)
    rotation.rested(woken=woken)
    tried: list[str] = []
    turn, now, last_look = rotation.next(1), 1.0, False
    while turn is not None or not last_look:
        last_look = turn is None
        queue, after = turn or rotation.last("a", now)
        rotation.unknown(queues, now, besides=queue)
        rotation.took(queue, after, [], 1, now, cost=0.01)
        tried.append(queue)
        now += 0.01
        assert len(tried) < 10, f"it never rests: {tried}"
        turn = rotation.next(now)
    assert set(tried) == set(queues)


def test_a_worker_that_nobody_woke_looks_from_the_start_when_that_is_due() -> None:
    rotation = dry(DEAR)
    rotation.rested(woken=False)
    assert rotation.next(1) is None
    assert rotation.last("a", now=rotation.rest()) == ("a", START)


def test_a_worker_that_waits_spends_little_of_its_time_on_looks() -> None:
    rotation = Rotation()
    rotation.refresh([], now=0, cost=2)
    assert rotation.rest() == FULL_LOOK_SHARE * 2
    rotation.took("a", START, [], 1, now=0, cost=3)
    assert rotation.rest() == FULL_LOOK_SHARE * 3


def test_queues_without_work_are_asked_for_again_when_that_is_cheap() -> None:
    rotation = Rotation()
    rotation.refresh([ReadyQueue("a", 0)], now=100, cost=2)
    due = 100 + FULL_LOOK_SHARE * 2
    assert rotation.unknown(["a", "b"], due - 0.1, besides="a") == []
    assert rotation.unknown(["a", "b"], due, besides="a") == ["b"]


def test_a_queue_that_was_tried_on_a_guess_has_one_turn_a_round() -> None:
    rotation = Rotation()
    rotation.refresh([ReadyQueue("urgent", -5), ReadyQueue("guess", 0)], 0, 0)
    rotation.took("guess", START, [claim(1)], 1, 0, 0)
    assert turns(rotation, 4) == ["urgent", "guess", "urgent", "guess"]


def test_a_queue_nobody_told_of_is_taken_in_when_it_has_work() -> None:
    rotation = Rotation()
    rotation.took("guess", START, [], 1, 0, 0)
    assert rotation.next(0) is None
    rotation.took("guess", START, [claim(1)], 1, 0, 0)
    assert turns(rotation, 2) == ["guess", "guess"]


def test_a_queue_that_never_ends_starves_nobody() -> None:
    rotation = knowing("endless", "b", "c")
    assert turns(rotation, 9) == ["endless", "b", "c"] * 3
    rotation.refresh([ReadyQueue("late", -100), ReadyQueue("b", 0)], 0, 0)
    assert sorted(turns(rotation, 4)) == ["b", "c", "endless", "late"]


def turns(rotation: Rotation, count: int) -> list[str]:
    """Which queues are next, if each always has another job."""
    order: list[str] = []
    for job_id in range(count):
        turn = rotation.next(0)
        assert turn is not None
        order.append(turn[0])
        rotation.took(*turn, [claim(job_id)], 1, 0, 0)
    return order


class Store:
    """Queues of jobs, claimed from as the real ones are."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[Position]] = {}
        self.taken: list[Position] = []

    def submit(self, queue: str, ranks: Sequence[int], first_id: int) -> None:
        arrived = [Position(rank, first_id + number) for number, rank in enumerate(ranks)]
        self.waiting[queue] = sorted([*self.waiting.get(queue, []), *arrived])

    def probe(self) -> list[ReadyQueue]:
        return [ReadyQueue(queue, jobs[0].rank) for queue, jobs in self.waiting.items() if jobs]

    def claim(self, queue: str, after: Position, limit: int) -> list[Claim]:
        found = [each for each in self.waiting[queue] if each > after][:limit]
        self.waiting[queue] = [each for each in self.waiting[queue] if each not in found]
        self.taken += found
        return [claim(each.job_id, each.rank) for each in found]


def work_until_idle(rotation: Rotation, store: Store, limit: int, now: float, cost: float) -> float:
    """Claim until a refresh finds nothing, as a worker does before it waits; gives the time."""
    for _ in range(10_000):
        if (turn := rotation.next(now)) is None:
            rotation.refresh(store.probe(), now, cost)
            turn = rotation.next(now)
        if turn is None:
            return now
        rotation.took(*turn, store.claim(*turn, limit), limit, now, cost)
        now += cost
    raise AssertionError(f"it never ends: {store.waiting}")


arrivals = st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(-3, 3), max_size=12))


@given(st.lists(arrivals, max_size=4), st.integers(1, 5), st.sampled_from([0.0, 0.1]))
def test_every_job_is_taken_once_before_the_worker_waits(
    waves: list[Mapping[str, Sequence[int]]], limit: int, cost: float
) -> None:
    rotation, store = Rotation(), Store()
    now, submitted = 0.0, 0
    for wave in waves:
        for queue, ranks in wave.items():
            store.submit(queue, ranks, first_id=submitted + 1)
            submitted += len(ranks)
        now = work_until_idle(rotation, store, limit, now, cost)
        assert sorted(each.job_id for each in store.taken) == list(range(1, submitted + 1))
