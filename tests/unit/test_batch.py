from __future__ import annotations

import sys
import threading
from collections import Counter

from jobs_runtime.model import Claim, JobState, Outcome
from jobs_runtime.options import DEFAULTS
from jobs_supervisor.worker.batch import Batch

MANY = 20_000


def claimed(count: int) -> Batch:
    ids = range(1, count + 1)
    return Batch("q", [Claim(each, "noop", 0, 1, 0, None, DEFAULTS, 0.0) for each in ids])


def perform(batch: Batch, count: int) -> None:
    for _ in range(count):
        claim = batch.next()
        assert claim is not None
        batch.ended(claim, Outcome(claim.job_id, JobState.COMPLETED, 0.0))


def ids_taken(batch: Batch) -> list[int]:
    return [outcome.job_id for _, outcome in batch.take_ended()]


def test_jobs_are_begun_in_the_order_of_the_claim() -> None:
    batch = claimed(3)
    perform(batch, 3)
    assert batch.next() is None
    assert ids_taken(batch) == [1, 2, 3]
    assert not batch.has_ended
    assert batch.performed == 3


def test_what_is_neither_stored_nor_given_back_is_held() -> None:
    batch = claimed(5)
    assert batch.held() == [1, 2, 3, 4, 5]
    perform(batch, 1)
    assert ids_taken(batch) == [1]
    perform(batch, 1)
    assert batch.next() is not None
    assert batch.held() == [2, 3, 4, 5], "ended, running, waiting, waiting"
    assert batch.take_waiting() == [4, 5]
    assert batch.held() == [2, 3]
    assert ids_taken(batch) == [2]
    assert batch.held() == [3]


def test_a_job_is_performed_or_given_back_but_never_both_or_neither() -> None:
    batch, taken = claimed(MANY), list[int]()
    interval = sys.getswitchinterval()

    def step_in() -> None:
        while len(taken) < MANY // 2:
            taken.extend(ids_taken(batch))
        taken.extend(batch.take_waiting())

    guard = threading.Thread(target=step_in)
    sys.setswitchinterval(1e-6)
    try:
        guard.start()
        while (claim := batch.next()) is not None:
            batch.ended(claim, Outcome(claim.job_id, JobState.COMPLETED, 0.0))
        guard.join()
    finally:
        sys.setswitchinterval(interval)
    taken.extend(ids_taken(batch))
    assert batch.held() == []
    assert Counter(taken) == Counter(range(1, MANY + 1))
