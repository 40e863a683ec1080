"""What every slot of a running supervisor is doing, read from its shared memory: no database."""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec

from jobs_supervisor.memory import resident_bytes
from jobs_supervisor.rundir import RunRecord
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """One slot at one moment; durations are seconds.

    Attributes:
        for_seconds: how long it has been so; how long its job runs, if it performs one.
        starts_in: until a vacant slot is filled again.
        ended_ago: since the process before this one ended.
    """

    slot: str
    pid: int
    state: str
    for_seconds: float
    job: str | None
    job_id: str | None
    attempt: int | None
    progress: str | None
    done: int
    resident_bytes: int
    restarts: int
    last_exit: str
    starts_in: float | None = None
    ended_ago: float | None = None


def open_slots(record: RunRecord) -> SlotMap:
    """Look into the slot map of a running supervisor.

    Raises:
        OSError: it has ended, or belongs to somebody else.
    """
    return SlotMap(SharedMemory.open(record.memory_path), record.capacity, record.others)


def read_slot(slot: Slot, now: float) -> SlotStatus:
    """Read one slot."""
    busy, vacant = slot.job_id != 0, slot.state is SlotState.VACANT
    since = slot.started if busy else slot.since
    return SlotStatus(
        slot=slot.title,
        pid=slot.pid,
        state=slot.state.name.lower(),
        for_seconds=round(max(0.0, now - since), 3),
        job=slot.job_name if busy else None,
        job_id=slot.known_as if busy else None,
        attempt=slot.attempt if busy else None,
        progress=slot.progress or None if busy else None,
        done=slot.done,
        resident_bytes=resident_bytes(slot.pid),
        restarts=slot.restarts,
        last_exit=slot.last_exit,
        starts_in=round(max(0.0, slot.not_before - now), 3) if vacant else None,
        ended_ago=round(max(0.0, now - slot.ended_at), 3) if slot.restarts else None,
    )


def read_all(record: RunRecord) -> list[SlotStatus]:
    """Read every slot of a running supervisor."""
    now = time.monotonic()
    return [read_slot(slot, now) for slot in open_slots(record) if slot.in_use]


def read_unhandled(record: RunRecord) -> dict[str, int]:
    """Jobs that wait and that no running supervisor performs, as its scheduler last saw; by name.

    There is room for a few names. Of each queue the first thousand jobs are looked at.
    """
    try:
        noted = open_slots(record).one("scheduler").progress
        return msgspec.json.decode(noted, type=dict[str, int]) if noted else {}
    except msgspec.MsgspecError:  # it was being written
        return {}


def duration(seconds: float) -> str:
    """A length of time as a person would say it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"
