from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from jobs_supervisor.pulse import CONNECTS_WITHIN, HANGS_AFTER, Pulse
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    memory = SharedMemory.create(SlotMap.size_of(1))
    yield memory
    os.close(memory.descriptor)


@pytest.fixture
def pulse(memory: SharedMemory) -> Pulse:
    return Pulse(memory)


@pytest.fixture
def scheduler(memory: SharedMemory) -> Slot:
    return SlotMap(memory, 0, ("scheduler",)).one("scheduler")


def test_a_connected_scheduler_has_stopped_without_heartbeats(
    pulse: Pulse, scheduler: Slot
) -> None:
    scheduler.enter(SlotState.IDLE)
    beat = time.monotonic() + 100
    pulse.beat(beat)
    assert not pulse.has_stopped(scheduler, beat + HANGS_AFTER - 1)
    assert pulse.has_stopped(scheduler, beat + HANGS_AFTER + 1)


def test_one_that_connects_has_stopped_once_a_try_does_not_end(
    pulse: Pulse, scheduler: Slot
) -> None:
    scheduler.enter(SlotState.CONNECTING)
    assert not pulse.has_stopped(scheduler, scheduler.since + CONNECTS_WITHIN - 1)
    assert pulse.has_stopped(scheduler, scheduler.since + CONNECTS_WITHIN + 1)


def test_every_try_to_connect_is_a_new_beginning(pulse: Pulse, scheduler: Slot) -> None:
    scheduler.enter(SlotState.CONNECTING)
    first = scheduler.since
    scheduler.enter(SlotState.CONNECTING)
    assert scheduler.since > first


def test_one_that_boots_or_drains_is_limited_by_others(pulse: Pulse, scheduler: Slot) -> None:
    for state in (SlotState.BOOTING, SlotState.DRAINING):
        scheduler.enter(state)
        assert not pulse.has_stopped(scheduler, scheduler.since + 1_000)
