from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from jobs_supervisor.exporter.exporter import UNREACHABLE_AFTER, not_ready
from jobs_supervisor.pulse import Pulse
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slotmap import SlotMap


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    memory = SharedMemory.create(SlotMap.size_of(3))
    yield memory
    os.close(memory.descriptor)


@pytest.fixture
def pulse(memory: SharedMemory) -> Pulse:
    """A heartbeat has just arrived."""
    pulse = Pulse(memory)
    pulse.beat(time.monotonic())
    return pulse


@pytest.fixture
def slots(memory: SharedMemory) -> SlotMap:
    """Two workers and a scheduler, all ready."""
    slots = SlotMap(memory, 2, ("scheduler",))
    for slot in slots:
        slot.wanted = True
        slot.enter(SlotState.IDLE)
    return slots


def test_ready_workers_are_ready(slots: SlotMap, pulse: Pulse) -> None:
    assert not_ready(slots, pulse, time.monotonic()) == []


@pytest.mark.parametrize("index", [0, 2])
def test_one_that_connects_is_given_a_moment(slots: SlotMap, pulse: Pulse, index: int) -> None:
    slots.slots[index].enter(SlotState.CONNECTING)
    now = time.monotonic()
    assert not_ready(slots, pulse, now) == []
    assert not_ready(slots, pulse, now + UNREACHABLE_AFTER + 1) == ["postgres cannot be reached"]


def test_no_worker_is_no_readiness(slots: SlotMap, pulse: Pulse) -> None:
    for slot in slots.workers:
        slot.enter(SlotState.BOOTING)
    assert not_ready(slots, pulse, time.monotonic()) == ["no worker is ready"]


@pytest.mark.parametrize(
    ("state", "reasons"),
    [
        (SlotState.DRAINING, ["no worker is ready", "draining"]),
        (SlotState.BUSY, ["draining"]),
    ],
)
def test_a_drain_is_no_readiness(
    slots: SlotMap, pulse: Pulse, state: SlotState, reasons: list[str]
) -> None:
    for slot in slots.workers:
        slot.occupy(1)
        slot.enter(state)
        slot.wanted = False
    assert not_ready(slots, pulse, time.monotonic()) == reasons


def test_one_worker_that_is_retired_is_no_drain(slots: SlotMap, pulse: Pulse) -> None:
    slots.workers[0].wanted = False
    assert not_ready(slots, pulse, time.monotonic()) == []


def test_a_scheduler_that_tries_again_and_again_is_no_readiness(
    slots: SlotMap, pulse: Pulse
) -> None:
    for slot in slots.workers:
        slot.begin(7, "render", 1, now=0.0, deadline=1e9)
    slots.one("scheduler").enter(SlotState.CONNECTING)
    now = time.monotonic()
    assert not_ready(slots, pulse, now) == []
    pulse.beat(now - UNREACHABLE_AFTER - 1)
    assert not_ready(slots, pulse, now) == ["postgres cannot be reached"]
