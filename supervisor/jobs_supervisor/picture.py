"""The status of a supervisor as a person sees it in a terminal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jobs_supervisor.rundir import RunRecord
from jobs_supervisor.status import SlotStatus, duration

LOOKS = {
    "vacant": ("✕", "red"),
    "booting": ("◌", "yellow"),
    "connecting": ("◌", "yellow"),
    "idle": ("○", "dim"),
    "busy": ("●", "green"),
    "draining": ("◐", "magenta"),
}
"""A sign and a style for each state."""


def picture(
    record: RunRecord,
    slots: Sequence[SlotStatus],
    unhandled: Mapping[str, int],
    room: int | None = None,
) -> RenderableType:
    """Everything about one supervisor: what it is, its slots, and why processes ended.

    Args:
        record: the supervisor.
        slots: its slots.
        unhandled: how many jobs wait that nobody performs, by name.
        room: if there are more, those that wait for work are only counted.
    """
    table = _table(slots, room is not None and len(slots) > room)
    parts: list[RenderableType] = [_heading(record, slots), Padding(table, (1, 0))]
    if unhandled:
        parts.insert(1, _left_alone(unhandled))
    if restarted := [slot for slot in slots if slot.restarts]:
        parts.append(Padding(_endings(restarted), (0, 0, 1, 0)))
    return Group(*parts)


def _heading(record: RunRecord, slots: Sequence[SlotStatus]) -> Text:
    counts = Counter(slot.state for slot in slots if slot.slot.startswith("worker"))
    text = Text.assemble((record.app, "bold"), f"  {counts.total()} workers: ")
    text.append_text(
        Text(", ").join(
            Text(f"{counts[state]} {state}", style)
            for state, (_, style) in reversed(LOOKS.items())
            if counts[state]
        )
    )
    up = duration(time.time() - record.started_at)
    text.append(f"\npid {record.pid}, up {up}, {record.database}", "dim")
    if record.metrics:
        text.append(f"\nmetrics at {record.scheme}://{record.metrics}/metrics", "dim")
    return text


def _left_alone(unhandled: Mapping[str, int]) -> Text:
    names = ", ".join(f"{name} ({jobs:,})" for name, jobs in unhandled.items())
    return Text(f"jobs wait that no running supervisor performs: {names}", "red")


def _table(slots: Sequence[SlotStatus], without_idle: bool) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, header_style="dim")
    for column in ("slot", "state"):
        table.add_column(column, no_wrap=True)
    table.add_column("for", justify="right", no_wrap=True)
    table.add_column("what", ratio=1, no_wrap=True, overflow="ellipsis")
    for column in ("done", "memory", "pid"):
        table.add_column(column, justify="right", no_wrap=True)
    shown = [slot for slot in slots if not (without_idle and slot.state == "idle")]
    for slot in shown:
        sign, style = LOOKS[slot.state]
        table.add_row(
            slot.slot,
            Text(f"{sign} {slot.state}", style),
            duration(slot.for_seconds),
            _what(slot),
            f"{slot.done:,}" if slot.slot.startswith("worker") else "",
            f"{slot.resident_bytes / 1e6:,.0f} MB" if slot.pid else "",
            str(slot.pid or ""),
        )
    if len(shown) < len(slots):
        table.add_row("", Text("○ idle", "dim"), "", f"{len(slots) - len(shown)} more")
    return table


def _what(slot: SlotStatus) -> Text:
    if slot.starts_in:
        return Text(f"starts again in {duration(slot.starts_in)}", "yellow")
    if slot.job is None:
        return Text()
    text = Text.assemble((slot.job, "bold"), f" #{slot.job_id}")
    if slot.attempt and slot.attempt > 1:
        text.append(f", attempt {slot.attempt}", "yellow")
    return text.append(f", {slot.progress}") if slot.progress else text


def _endings(slots: Sequence[SlotStatus]) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, header_style="dim")
    table.add_column("slot", no_wrap=True)
    table.add_column("ended", justify="right", no_wrap=True)
    table.add_column("last", justify="right", no_wrap=True)
    table.add_column("why", ratio=1)
    for slot in slots:
        ago = f"{duration(slot.ended_ago or 0.0)} ago"
        table.add_row(slot.slot, f"{slot.restarts:,}", ago, slot.last_exit)
    return table
