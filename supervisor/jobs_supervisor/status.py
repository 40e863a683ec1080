"""What every slot of a running supervisor is doing, read from its shared memory: no database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from jobs_supervisor.memory import resident_bytes
from jobs_supervisor.rundir import RunRecord
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot, SlotState

STYLES = {
    SlotState.VACANT: "red",
    SlotState.BOOTING: "yellow",
    SlotState.CONNECTING: "yellow",
    SlotState.IDLE: "dim",
    SlotState.BUSY: "green",
    SlotState.DRAINING: "magenta",
}


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """One slot at one moment; durations are seconds."""

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


def open_slots(record: RunRecord) -> SlotMap:
    """Look into the slot map of a running supervisor.

    Raises:
        OSError: it has ended, or belongs to somebody else.
    """
    return SlotMap(SharedMemory.open(record.memory_path), record.capacity, record.others)


def read_slot(slot: Slot, now: float) -> SlotStatus:
    """Read one slot."""
    busy = slot.job_id != 0
    return SlotStatus(
        slot=slot.title,
        pid=slot.pid,
        state=slot.state.name.lower(),
        for_seconds=round(now - (slot.started if busy else slot.since), 3),
        job=slot.job_name if busy else None,
        job_id=str(slot.job_id) if busy else None,
        attempt=slot.attempt if busy else None,
        progress=slot.progress or None if busy else None,
        done=slot.done,
        resident_bytes=resident_bytes(slot.pid),
        restarts=slot.restarts,
        last_exit=slot.last_exit,
    )


def read_all(record: RunRecord) -> list[SlotStatus]:
    """Read every slot of a running supervisor."""
    now = time.monotonic()
    return [read_slot(slot, now) for slot in open_slots(record) if slot.in_use]


def as_table(record: RunRecord, slots: Sequence[SlotStatus]) -> Table:
    """Show a supervisor to a person."""
    where = f" · metrics {record.scheme}://{record.metrics}" if record.metrics else ""
    table = Table(
        title=f"[bold]{record.app}[/] · pid {record.pid} · {record.database}{where}",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for column in ("slot", "pid", "state", "for", "what"):
        table.add_column(column, justify="right" if column in ("pid", "for") else "left")
    for column in ("done", "memory", "restarts"):
        table.add_column(column, justify="right")
    table.add_column("last exit", overflow="fold")
    for slot in slots:
        table.add_row(*_row(slot))
    return table


def _row(slot: SlotStatus) -> list[Text | str]:
    what = f"{slot.job} #{slot.job_id}" if slot.job else ""
    if slot.attempt and slot.attempt > 1:
        what += f" (attempt {slot.attempt})"
    if slot.progress:
        what += f", {slot.progress}"
    return [
        slot.slot,
        str(slot.pid or "-"),
        Text(slot.state, style=STYLES[SlotState[slot.state.upper()]]),
        duration(slot.for_seconds),
        what,
        f"{slot.done:,}",
        f"{slot.resident_bytes / 1e6:,.0f} MB",
        str(slot.restarts or ""),
        slot.last_exit,
    ]


def duration(seconds: float) -> str:
    """A length of time as a person would say it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"
