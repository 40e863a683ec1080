"""Ours against the limit, in less than three minutes: `make bench-quick`, before every release.

The bars are ratios, so that they hold on any machine. They guard against regressions: raise one
when the ratio has risen for good.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from benchmarks import report
from benchmarks.ending import end_when_told
from benchmarks.figures import Runs, ratio, summaries
from benchmarks.peer import HERE, OURS, read
from benchmarks.server import postgres
from benchmarks.session import Servers
from benchmarks.suite import BARE, Results, measure

BARS = {
    "w1": ("performed, jobs/s", 0.65),
    "w3": ("efficiency", 0.9),
}
"""The figure of each workload, and the least share of the bare loop's that ours must reach."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a workload's bar is reached; no share means that it was not measured."""

    workload: str
    share: float | None
    bar: float

    @property
    def passed(self) -> bool:
        """A missing measurement is no pass."""
        return self.share is not None and self.share >= self.bar

    def __str__(self) -> str:
        share = "not measured" if self.share is None else f"{self.share:.2f} of the bare loop"
        return (
            f"{self.workload}: {share}, bar {self.bar:.2f}: {'ok' if self.passed else 'TOO SLOW'}"
        )


def judge(
    runs: Mapping[str, Runs], bars: Mapping[str, tuple[str, float]] = BARS
) -> Sequence[Verdict]:
    """Compare the medians of ours with the limit's."""
    verdicts: list[Verdict] = []
    for workload, (figure, bar) in bars.items():
        of_workload = runs.get(workload, {})
        ours = summaries(of_workload.get(OURS, ())).get(figure)
        limit = summaries(of_workload.get(BARE, ())).get(figure)
        share = None if ours is None else ratio(ours, limit)
        verdicts.append(Verdict(workload, share, bar))
    return verdicts


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=1.0, hidden=True)
def main(rounds: int, scale: float) -> None:
    """Measure ours and the limit in turn; the exit code is 1 if a bar is missed."""
    console, results = Console(), Results()
    end_when_told()
    with tempfile.TemporaryDirectory() as directory, postgres() as dsn:
        servers = {"postgres": Servers(dsn, None, Path(directory))}
        ours = [read(HERE / OURS)]
        measure(results, ours, list(BARS), rounds, scale, servers, console.log)
    for name, runs in results.runs.items():
        console.print(report.table(name, runs))
    for reason in results.failed.values():
        console.print(reason, markup=False)
    verdicts = judge(results.runs)
    for verdict in verdicts:
        console.print(str(verdict), markup=False)
    sys.exit(0 if all(verdict.passed for verdict in verdicts) else 1)


if __name__ == "__main__":
    main()
