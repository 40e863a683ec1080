from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from jobs_runtime.model import Claim, JobState, Outcome
from jobs_runtime.options import merge
from jobs_supervisor import metrics
from jobs_supervisor.counters import Counters, Layout, WorkerCounters
from jobs_supervisor.shared import SharedMemory

SLOTS = 3


@pytest.fixture
def counters() -> Iterator[Counters]:
    layout = Layout(["render", "sweep"])
    memory = SharedMemory.create(Counters.size_of(layout, SLOTS))
    yield Counters(memory, layout, SLOTS)
    os.close(memory.descriptor)


def total(counters: Counters, *key: str) -> list[float]:
    return counters.total(counters.layout.series[key])


def attempt(counters: Counters, slot: int, seconds: float, state: JobState) -> None:
    claim = Claim(1, "render", 0, 1, 0, None, merge(), 0.002)
    WorkerCounters(counters.row(slot)).attempts([(claim, Outcome(1, state, seconds))])


def test_series_do_not_overlap() -> None:
    layout = Layout(["a", "b"])
    cells = [
        cell
        for series in layout.series.values()
        for cell in range(series.offset, series.offset + series.cells)
    ]
    assert sorted(cells) == list(range(layout.width))


def test_the_slots_are_summed(counters: Counters) -> None:
    for slot in range(SLOTS):
        attempt(counters, slot, 0.5, JobState.COMPLETED)
    attempt(counters, 0, 0.5, JobState.FAILED)
    assert total(counters, metrics.ATTEMPTS.name, "render", "completed") == [3]
    assert total(counters, metrics.ATTEMPTS.name, "render", "failed") == [1]
    assert total(counters, metrics.ATTEMPTS.name, "sweep", "completed") == [0]


def test_who_asks_to_be_performed_later_has_not_failed(counters: Counters) -> None:
    claim = Claim(1, "render", 0, 1, 0, None, merge(), 0.002)
    outcomes = [Outcome(1, JobState.RETRY, 0.1, refund=refund) for refund in (True, True, False)]
    WorkerCounters(counters.row(0)).attempts([(claim, each) for each in outcomes])
    assert total(counters, metrics.ATTEMPTS.name, "render", "snoozed") == [2]
    assert total(counters, metrics.ATTEMPTS.name, "render", "retry") == [1]


def test_a_value_falls_into_the_bucket_of_its_upper_bound(counters: Counters) -> None:
    for seconds in (0.25, 0.26, 1e9):
        attempt(counters, 0, seconds, JobState.COMPLETED)
    cells = total(counters, metrics.DURATION.name, "render")
    buckets, above, summed = cells[: len(metrics.DURATIONS)], cells[-2], cells[-1]
    assert buckets[metrics.DURATIONS.index(0.25)] == 1
    assert buckets[metrics.DURATIONS.index(0.5)] == 1
    assert above == 1
    assert summed == pytest.approx(1e9 + 0.51)


def test_a_row_outlives_the_processes_of_its_slot(counters: Counters) -> None:
    size = Counters.size_of(counters.layout, SLOTS)
    for _ in range(10_000):
        attempt(counters, 1, 0.1, JobState.COMPLETED)
    assert total(counters, metrics.ATTEMPTS.name, "render", "completed") == [10_000]
    assert Counters.size_of(counters.layout, SLOTS) == size


def test_what_a_reloaded_application_still_declares_is_kept(counters: Counters) -> None:
    attempt(counters, 0, 0.1, JobState.COMPLETED)
    layout = Layout(["another", "render"])
    memory = SharedMemory.create(Counters.size_of(layout, SLOTS))
    after = Counters(memory, layout, SLOTS)
    after.copy_from(counters)
    assert total(after, metrics.ATTEMPTS.name, "render", "completed") == [1]
    assert total(after, metrics.ATTEMPTS.name, "another", "completed") == [0]
    os.close(memory.descriptor)
