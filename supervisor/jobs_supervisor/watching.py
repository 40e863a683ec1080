"""The status of this user's supervisors, once or again and again."""

from __future__ import annotations

import time

from rich.console import Console, Group, RenderableType
from rich.live import Live

from jobs_supervisor.rundir import RunRecord, living
from jobs_supervisor.status import SlotStatus, as_table, read_all

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


def picture() -> RenderableType:
    """One table a supervisor."""
    tables = [as_table(record, slots) for record, slots in reports()]
    return Group(*tables) if tables else "no supervisor of this user is running on this host"


def show() -> None:
    """Print the picture."""
    Console().print(picture())


def watch() -> None:
    """Show the picture until interrupted."""
    with Live(picture(), screen=True) as live:
        while True:
            try:
                time.sleep(AGAIN_AFTER)
            except KeyboardInterrupt:
                return
            live.update(picture())
