"""What a person sees while the demo runs: progress, and one line a worker."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from jobs_supervisor.picture import LOOKS
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from jobs_supervisor.status import duration

SAY_EVERY = 1.0
"""Seconds between two lines where there is no terminal."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the work is."""

    completed: int
    failed: int
    per_second: float

    @property
    def done(self) -> int:
        """Jobs in a final state."""
        return self.completed + self.failed


class Screen:
    """A live display on a terminal, a line a second elsewhere.

    Args:
        console: where to.
        total: how many jobs there are.
        files: what each job works on, by its id.
    """

    def __init__(self, console: Console, total: int, files: Mapping[int, str]) -> None:
        self._console = console
        self.total = total
        self._files = files
        self._said_at = 0.0
        self._live: Live | None = None
        self._progress = Progress(
            TextColumn("[bold]measuring"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:,.0f} jobs/s"),
            TimeElapsedColumn(),
            console=console,
            expand=True,
        )
        self._task = self._progress.add_task("measuring", total=total, rate=0.0)

    @contextmanager
    def shown(self) -> Generator[None]:
        """Show it for a block."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, refresh_per_second=12) as live:
            self._live = live
            yield

    def say(self, text: str) -> None:
        """Say something that stays on the screen."""
        self._console.print(text)

    def update(self, standing: Standing, slots: Sequence[Slot]) -> None:
        """Show how things stand."""
        if self._live is not None:
            self._progress.update(self._task, completed=standing.done, rate=standing.per_second)
            self._live.update(Group(self._progress, self._workers(slots)))
        elif time.monotonic() - self._said_at >= SAY_EVERY:
            self._said_at = time.monotonic()
            self._console.print(
                f"{standing.done:,} of {self.total:,} files, {standing.failed} failed,"
                f" {standing.per_second:,.0f} jobs/s"
            )

    def _workers(self, slots: Sequence[Slot]) -> RenderableType:
        table = Table(box=None, padding=(0, 2, 0, 0), expand=True)
        table.add_column("worker")
        table.add_column("pid", justify="right")
        table.add_column("state")
        table.add_column("file", ratio=1, overflow="ellipsis", no_wrap=True)
        table.add_column("done", justify="right")
        table.add_column("for", justify="right")
        for slot in slots:
            table.add_row(*self._row(slot))
        return table

    def _row(self, slot: Slot) -> list[str | Text]:
        job_id, state = slot.job_id, slot.state
        busy = job_id != 0
        what = self._files.get(job_id, slot.job_name if busy else "")
        since = slot.started if busy else slot.since
        return [
            slot.title,
            str(slot.pid or "-"),
            Text(state.name.lower(), style=LOOKS[state.name.lower()][1]),
            what,
            f"{slot.done:,}",
            duration(max(0.0, time.monotonic() - since)) if state > SlotState.VACANT else "",
        ]
