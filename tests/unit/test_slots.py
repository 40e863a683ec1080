from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs_supervisor.ending import Ending
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slot_layout import (
    ENDINGS,
    ENDINGS_AT,
    EXIT_BYTES,
    NAME_BYTES,
    SLOT_BYTES,
    TEXT_OFFSET,
    Field,
)
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    memory = SharedMemory.create(SlotMap.size_of(4))
    yield memory
    os.close(memory.descriptor)


@pytest.fixture
def slots(memory: SharedMemory) -> SlotMap:
    return SlotMap(memory, 3, ("scheduler",))


@pytest.fixture
def slot(slots: SlotMap) -> Slot:
    return slots.workers[1]


def test_a_slot_holds_all_its_fields() -> None:
    assert len(Field) <= ENDINGS_AT
    assert len(Ending) <= ENDINGS
    assert (ENDINGS_AT + ENDINGS) * 8 <= TEXT_OFFSET
    assert TEXT_OFFSET + NAME_BYTES + EXIT_BYTES <= SLOT_BYTES
    assert sorted(Field) == list(range(len(Field)))


def test_the_map_fits_into_its_size(memory: SharedMemory, slots: SlotMap) -> None:
    slots.one("scheduler").vacate("x" * 1000)
    assert memory.bytes[SlotMap.size_of(4) :].tobytes().strip(b"\0") == b""


def test_workers_come_first_and_are_numbered(slots: SlotMap) -> None:
    assert [slot.title for slot in slots] == ["worker 1", "worker 2", "worker 3", "scheduler"]
    assert [slot.index for slot in slots] == [0, 1, 2, 3]
    assert [slot.number for slot in slots.workers] == [1, 2, 3]


def test_a_new_slot_is_vacant(slot: Slot) -> None:
    assert (slot.pid, slot.state, slot.job_id, slot.incarnation) == (0, SlotState.VACANT, 0, 0)
    assert (slot.restarts, slot.last_exit, slot.job_name) == (0, "", "")
    assert not slot.cancelled


def test_a_life(slot: Slot) -> None:
    began = time.monotonic()
    slot.prepare(began)
    assert (slot.state, slot.since, slot.spawned) == (SlotState.BOOTING, began, began)
    slot.occupy(4711)
    slot.enter(SlotState.IDLE)
    slot.begin_incarnation(12)
    assert (slot.pid, slot.state, slot.incarnation) == (4711, SlotState.IDLE, 12)
    assert began <= slot.since <= time.monotonic()
    slot.begin(99, "render", 2, 1000.5, 1060.5)
    assert (slot.state, slot.since, slot.started) == (SlotState.BUSY, 1000.5, 1000.5)
    assert (slot.job_id, slot.job_name, slot.attempt) == (99, "render", 2)
    assert slot.deadline == 1060.5
    slot.begin(100, "render", 1, 1001.5, 1061.5)
    assert (slot.since, slot.started) == (1000.5, 1001.5), "busy since the first of the batch"
    slot.ended(2)
    slot.enter(SlotState.IDLE)
    assert (slot.job_id, slot.done) == (0, 2)
    slot.vacate("killed by SIGSEGV")
    assert (slot.pid, slot.state, slot.incarnation, slot.done) == (0, SlotState.VACANT, 0, 0)
    assert (slot.restarts, slot.last_exit) == (1, "killed by SIGSEGV")
    slot.prepare(began)
    assert (slot.restarts, slot.last_exit) == (1, "killed by SIGSEGV"), "kept for the next"


def test_it_is_idle_since_it_became_so(slot: Slot) -> None:
    slot.enter(SlotState.IDLE)
    since = slot.since
    slot.enter(SlotState.IDLE)
    assert slot.since == since
    slot.begin(1, "render", 1, 1000.5, 1060.5)
    slot.ended(1)
    slot.enter(SlotState.IDLE)
    assert since < slot.since != 1000.5


def test_a_cancel_holds_for_one_job_only(slot: Slot) -> None:
    slot.begin(1, "render", 1, 0, 10)
    slot.cancel(2)
    assert not slot.cancelled
    before = time.monotonic()
    slot.cancel(1)
    assert slot.cancelled
    assert before <= slot.cancelled_at <= time.monotonic()
    slot.begin(3, "render", 1, 0, 10)
    assert not slot.cancelled
    slot.enter(SlotState.IDLE)
    slot.cancel(0)
    assert not slot.cancelled, "no job, nothing to cancel"


@pytest.mark.parametrize(
    "uuid",
    [
        "00000000-0000-0000-0000-000000000001",
        "7fffffff-ffff-ffff-8000-000000000000",
        "8b3c1a52-55d2-4a83-9e0a-1f2e3d4c5b6a",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ],
)
def test_a_job_of_pg_boss_is_shown_by_its_uuid(slot: Slot, uuid: str) -> None:
    slot.name_job(uuid)
    slot.begin(-3, "report", 1, 0, 10)
    assert (slot.job_id, slot.known_as, slot.job) == (-3, uuid, f"report #{uuid}")
    slot.begin(5, "render", 1, 0, 10)
    assert (slot.known_as, slot.job) == ("5", "render #5")
    slot.ended(2)
    assert (slot.known_as, slot.job) == ("", "")


def test_a_cancel_may_come_before_the_job(slot: Slot) -> None:
    slot.cancel(5)
    slot.begin(4, "render", 1, 0, 10)
    assert not slot.cancelled
    slot.begin(5, "render", 1, 0, 10)
    assert slot.cancelled


def test_a_replacement_is_asked_for_until_it_has_come(slot: Slot) -> None:
    slot.ask_replacement()
    assert slot.replace
    slot.vacate("exited with code 0")
    assert not slot.replace


@pytest.mark.parametrize("name", ["a" * 500, "ä" * 500, "x" + "€" * 500, "\N{SNAKE}" * 500])
def test_long_texts_are_cut(slots: SlotMap, name: str) -> None:
    before, slot, after = slots.workers
    before.vacate("a" * 1000)
    after.begin(7, "after", 1, 0, 10)
    slot.begin(2**63 - 1, name, 3, 0, 10)
    slot.vacate(name)
    slot.begin(2**63 - 1, name, 3, 0, 10)
    for text, size in ((slot.job_name, NAME_BYTES), (slot.last_exit, EXIT_BYTES)):
        whole = text.removesuffix("\N{REPLACEMENT CHARACTER}")
        assert name.startswith(whole)
        assert size - 5 <= len(whole.encode()) < size
    assert slot.job_id == 2**63 - 1
    assert before.last_exit == "a" * (EXIT_BYTES - 1)
    assert (after.job_id, after.job_name, after.last_exit) == (7, "after", "")


def test_a_shorter_name_replaces_a_longer_one(slot: Slot) -> None:
    slot.begin(1, "render_invoice", 1, 0, 10)
    slot.begin(2, "resize", 1, 0, 10)
    assert slot.job_name == "resize"


def test_another_process_writes_what_this_one_reads(slot: Slot) -> None:
    pid = os.fork()
    if pid == 0:
        slot.begin(41, "from_a_child", 1, 1.5, 2.5)
        os._exit(0)
    os.waitpid(pid, 0)
    assert (slot.job_id, slot.job_name, slot.started) == (41, "from_a_child", 1.5)


def test_another_process_may_look_but_not_write(memory: SharedMemory, slot: Slot) -> None:
    slot.begin(41, "render", 1, 0, 10)
    looking = SharedMemory.open(f"/proc/{os.getpid()}/fd/{memory.descriptor}")
    seen = SlotMap(looking, 3, ("scheduler",)).workers[1]
    assert (seen.job_id, seen.job_name) == (41, "render")
    slot.begin(42, "resize", 1, 0, 10)
    assert (seen.job_id, seen.job_name) == (42, "resize"), "it is the same memory"
    with pytest.raises(TypeError, match="read-only"):
        seen.cancel(42)


def test_looking_leaves_no_file_open(memory: SharedMemory) -> None:
    before = len([*Path("/proc/self/fd").iterdir()])
    for _ in range(20):
        SharedMemory.open(f"/proc/{os.getpid()}/fd/{memory.descriptor}")
    assert len([*Path("/proc/self/fd").iterdir()]) <= before + 1, "the last map may still be there"


def test_endings_are_counted_and_kept(slot: Slot) -> None:
    slot.vacate("killed", 3, not_before=7.5)
    assert (slot.endings(3), slot.not_before) == (1, 7.5)
    slot.prepare(8.0)
    slot.vacate("killed", 3)
    slot.vacate("exited", 2)
    assert [slot.endings(kind) for kind in range(5)] == [0, 0, 1, 2, 0]
    assert (slot.restarts, slot.not_before) == (3, 0.0)


def test_who_is_not_in_a_long_job_is_at_hand(slots: SlotMap) -> None:
    assert slots.at_hand(100.0, 0.1) == (0, 1.0), "nobody works yet"
    one, two, _vacant = slots.workers
    one.occupy(11)
    two.occupy(12)
    slots.one("scheduler").occupy(13)
    assert slots.at_hand(100.0, 0.1) == (2, 1.0)
    one.begin(4711, "render", 1, 99.0, 199.0)
    two.begin(4712, "render", 1, 99.95, 199.0)
    assert slots.at_hand(100.0, 0.1) == (2, 0.5)
    assert slots.at_hand(101.0, 0.1) == (2, 0.0)
    one.ended(1)
    assert slots.at_hand(101.0, 0.1) == (2, 0.5)
