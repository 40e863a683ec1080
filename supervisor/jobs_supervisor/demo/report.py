"""What the demo says at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jobs_supervisor.demo.measuring import FileMeasures

NAMED = 3
"""How many failed files are named."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found; durations are seconds.

    Attributes:
        measured: the files that were measured.
        failed: the files that do not parse, with the last message.
        alone: how long all would take in one process, reckoned from every tenth file.
        ticks: how often the scheduled job ran.
        scraped: attempts that /metrics had counted at the end.
    """

    root: Path
    measured: Sequence[tuple[str, FileMeasures]]
    failed: Sequence[tuple[str, str]]
    seconds: float
    alone: float
    workers: int
    ticks: int
    metrics: str
    scraped: int

    def shown(self) -> RenderableType:
        """The tables."""
        return Group(self._summary(), Text(), self._most_complex())

    def _summary(self) -> Table:
        measures = [each for _, each in self.measured]
        total = len(self.measured) + len(self.failed)
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim")
        table.add_column()
        table.add_row("files", f"{len(self.measured):,} measured, {self._failures()}")
        table.add_row("lines", f"{sum(each.lines for each in measures):,}")
        table.add_row("functions", f"{sum(each.functions for each in measures):,}")
        table.add_row("identifiers", f"{sum(each.identifiers for each in measures):,}")
        table.add_row("rate", f"{total / self.seconds:,.0f} jobs/s, {self.seconds:.1f} s in all")
        table.add_row(
            "speed-up",
            f"{self.alone / self.seconds:.2f} with {self.workers} workers; one process alone"
            f" would take {self.alone:.1f} s (measured on every tenth file)",
        )
        table.add_row("scheduled", f"a summary every 2 s, {self.ticks} times")
        table.add_row("metrics", f"http://{self.metrics}/metrics counted {self.scraped:,} attempts")
        return table

    def _failures(self) -> str:
        if not self.failed:
            return "none failed"
        names = ", ".join(Path(path).name for path, _ in self.failed[:NAMED])
        more = ", …" if len(self.failed) > NAMED else ""
        return f"{len(self.failed)} failed twice, as they do not parse ({names}{more})"

    def _most_complex(self) -> Table:
        table = Table(
            title="the ten most complex functions", title_justify="left", box=None, pad_edge=False
        )
        table.add_column("complexity", justify="right")
        table.add_column("function", overflow="fold")
        table.add_column("where", overflow="fold")
        functions = [
            (function, path) for path, each in self.measured for function in each.most_complex
        ]
        functions.sort(key=lambda pair: (-pair[0].complexity, pair[1]))
        for function, path in functions[:10]:
            where = f"{Path(path).relative_to(self.root)}:{function.line}"
            table.add_row(str(function.complexity), function.name, where)
        return table
