"""The status of this user's supervisors, once or again and again."""

from __future__ import annotations

import time

from rich.console import Console, Group, RenderableType
from rich.live import Live

from jobs_supervisor.picture import picture
from jobs_supervisor.rundir import RunRecord, living
from jobs_supervisor.status import SlotStatus, read_all

AGAIN_AFTER = 0.5
"""Seconds between two pictures."""


def reports() -> list[tuple[RunRecord, list[SlotStatus]]]:
    """Every running supervisor of this user, and its slots."""
    found: list[tuple[RunRecord, list[SlotStatus]]] = []
    for record in living():
        try:
            found.append((record, read_all(record)))
        except OSError:
            continue
    return found


def everything(room: int | None = None) -> RenderableType:
    """One picture a supervisor; each may show so many slots."""
    pictures = [picture(record, slots, room) for record, slots in reports()]
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
