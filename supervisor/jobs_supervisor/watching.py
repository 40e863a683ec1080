"""The status of this user's supervisors, once or again and again."""

from __future__ import annotations

import time
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live

from jobs_supervisor.picture import picture
from jobs_supervisor.rundir import RunRecord, living
from jobs_supervisor.status import SlotStatus, read_all, read_unhandled

AGAIN_AFTER = 0.5
"""Seconds between two pictures."""


class Report(NamedTuple):
    """One supervisor.

    Attributes:
        unhandled: how many jobs wait that nobody performs, by name.
    """

    record: RunRecord
    slots: list[SlotStatus]
    unhandled: dict[str, int]


def reports() -> list[Report]:
    """Every running supervisor of this user."""
    found: list[Report] = []
    for record in living():
        try:
            found.append(Report(record, read_all(record), read_unhandled(record)))
        except OSError:
            continue
    return found


def everything(room: int | None = None) -> RenderableType:
    """One picture a supervisor; each may show so many slots."""
    pictures = [picture(*report, room=room) for report in reports()]
    return Group(*pictures) if pictures else "no supervisor of this user is running on this host"


def show() -> None:
    """Print it once."""
    Console().print(everything())


def watch() -> None:
    """Show it until interrupted."""
    console = Console()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(everything(console.height // 2), refresh=True)
            try:
                time.sleep(AGAIN_AFTER)
            except KeyboardInterrupt:
                return
