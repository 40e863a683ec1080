from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from jobs_supervisor.pulse import Pulse
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot
from jobs_supervisor.standstill import (
    CONNECTS_WITHIN,
    OVERSLEEPS_BY,
    SILENT_FOR,
    STANDSTILL,
    Wakefulness,
    scheduler_has_stopped,
    worker_has_stopped,
)


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    memory = SharedMemory.create(SlotMap.size_of(2))
    yield memory
    os.close(memory.descriptor)


@pytest.fixture
def pulse(memory: SharedMemory) -> Pulse:
    return Pulse(memory)


@pytest.fixture
def slots(memory: SharedMemory) -> SlotMap:
    return SlotMap(memory, 1, ("scheduler",))


@pytest.fixture
def scheduler(slots: SlotMap) -> Slot:
    return slots.one("scheduler")


@pytest.fixture
def worker(slots: SlotMap) -> Slot:
    return slots.workers[0]


class TestAScheduler:
    def test_that_is_connected_has_stopped_without_heartbeats(
        self, pulse: Pulse, scheduler: Slot
    ) -> None:
        scheduler.enter(SlotState.IDLE)
        beat = time.monotonic() + 100
        pulse.beat(beat)
        assert not scheduler_has_stopped(scheduler, pulse, 0.0, beat + SILENT_FOR - 1)
        assert scheduler_has_stopped(scheduler, pulse, 0.0, beat + SILENT_FOR + 1)

    def test_that_connects_has_stopped_once_a_try_does_not_end(
        self, pulse: Pulse, scheduler: Slot
    ) -> None:
        scheduler.enter(SlotState.CONNECTING)
        since = scheduler.since
        assert not scheduler_has_stopped(scheduler, pulse, 0.0, since + CONNECTS_WITHIN - 1)
        assert scheduler_has_stopped(scheduler, pulse, 0.0, since + CONNECTS_WITHIN + 1)

    def test_begins_anew_with_every_try(self, scheduler: Slot) -> None:
        scheduler.enter(SlotState.CONNECTING)
        first = scheduler.since
        scheduler.enter(SlotState.CONNECTING)
        assert scheduler.since > first

    def test_that_boots_or_drains_is_limited_by_others(self, pulse: Pulse, scheduler: Slot) -> None:
        for state in (SlotState.BOOTING, SlotState.DRAINING):
            scheduler.enter(state)
            assert not scheduler_has_stopped(scheduler, pulse, 0.0, scheduler.since + 1_000)

    def test_is_not_judged_by_a_time_in_which_the_supervisor_stood_still(
        self, pulse: Pulse, scheduler: Slot
    ) -> None:
        scheduler.enter(SlotState.IDLE)
        awake = scheduler.since + 1_000
        assert not scheduler_has_stopped(scheduler, pulse, awake, awake + SILENT_FOR - 1)
        assert scheduler_has_stopped(scheduler, pulse, awake, awake + SILENT_FOR + 1)


class TestAWorker:
    def test_that_waits_has_stopped_if_it_does_not_wake_up(self, worker: Slot) -> None:
        worker.enter(SlotState.IDLE)
        worker.wait(until=100.0)
        assert not worker_has_stopped(worker, 0.0, 100.0 + OVERSLEEPS_BY - 1)
        assert worker_has_stopped(worker, 0.0, 100.0 + OVERSLEEPS_BY + 1)
        assert not worker_has_stopped(worker, 100.0 + OVERSLEEPS_BY, 100.0 + OVERSLEEPS_BY + 1)

    def test_that_talks_to_the_database_may_take_its_time(self, worker: Slot) -> None:
        worker.enter(SlotState.IDLE)
        assert not worker_has_stopped(worker, 0.0, 1e6)
        worker.wait(until=100.0)
        worker.wait()
        assert not worker_has_stopped(worker, 0.0, 1e6)

    def test_in_a_job_is_held_to_the_jobs_time_limit(self, worker: Slot) -> None:
        worker.enter(SlotState.IDLE)
        worker.begin(7, "render", 1, now=10.0, deadline=20.0)
        assert not worker_has_stopped(worker, 0.0, 1e6)

    def test_that_waits_after_a_job_is_not_held_to_it_any_more(self, worker: Slot) -> None:
        worker.begin(7, "render", 1, now=10.0, deadline=20.0)
        worker.ended(1)
        worker.enter(SlotState.IDLE)
        assert not worker_has_stopped(worker, 0.0, 1e6)


def test_a_standstill_of_its_own_begins_a_new_time() -> None:
    wakefulness = Wakefulness(100.0)
    wakefulness.turn(100.0 + STANDSTILL)
    assert wakefulness.since == 100.0
    wakefulness.turn(101.0 + 2 * STANDSTILL)
    assert wakefulness.since == 101.0 + 2 * STANDSTILL
