"""The command line of the benchmarks."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from benchmarks.server import postgres, version
from benchmarks.workloads import crash, latency, memory, throughput
from jobs_supervisor.settings import cpu_count

RESULTS = Path(__file__).with_name("results")


class Workload(NamedTuple):
    """One thing that is measured.

    Attributes:
        size: how many jobs, kills or readings one run takes.
    """

    title: str
    measure: Callable[[str, int], dict[str, float]]
    size: int


WORKLOADS = {
    "w1": Workload("no-op throughput, 100,000 waiting, 2 workers", throughput.measure, 100_000),
    "w2": Workload("pickup latency on an idle system", latency.measure, 300),
    "w4": Workload("SIGKILL of a busy worker -> performed again", crash.measure, 5),
    "w5": Workload("memory of 8 workers after a 200 MB import", memory.measure, 2),
}


@click.command()
@click.option("--workload", "names", multiple=True, type=click.Choice(list(WORKLOADS)))
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
def main(names: tuple[str, ...], rounds: int) -> None:
    """Measure jobs-runtime on a throw-away Postgres with default durability."""
    console = Console()
    chosen = names or tuple(WORKLOADS)
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    with tempfile.TemporaryDirectory() as directory, postgres() as dsn:
        os.environ["BENCH_MOMENTS"] = f"{directory}/moments"
        where = f"{version(dsn)}, {cpu_count()} cores"
        for number in range(rounds):
            for name in chosen:
                console.print(f"[dim]round {number + 1} of {rounds}: {name}[/]")
                workload = WORKLOADS[name]
                runs[name].append(workload.measure(dsn, workload.size))
    console.print(table(runs, where))
    write(runs, where)


def table(runs: dict[str, list[dict[str, float]]], where: str) -> Table:
    """Medians, minima and maxima of every figure."""
    result = Table(title=f"jobs-runtime on {where}", title_justify="left")
    for column in ("workload", "figure"):
        result.add_column(column)
    for column in ("median", "min", "max"):
        result.add_column(column, justify="right")
    for name, rounds in runs.items():
        for figure in rounds[0]:
            values = [each[figure] for each in rounds]
            numbers = (statistics.median(values), min(values), max(values))
            result.add_row(f"{name} {WORKLOADS[name].title}", figure, *map(readable, numbers))
    return result


def readable(value: float) -> str:
    """A figure with as many digits as it deserves."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def write(runs: dict[str, list[dict[str, float]]], where: str) -> None:
    """Keep every run as JSON in `benchmarks/results/`."""
    RESULTS.mkdir(exist_ok=True)
    report = {"at": datetime.now(UTC).isoformat(), "where": where, "runs": runs}
    (RESULTS / "latest.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
