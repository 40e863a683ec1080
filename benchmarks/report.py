"""A measurement as tables for the terminal, JSON and plots."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rich.table import Table

from benchmarks import plot
from benchmarks.figures import Runs, Summary, ratio, readable, summaries
from benchmarks.peer import OURS
from benchmarks.suite import WORKLOADS, Results

SERIES = "at "
"""How the names of figures begin that belong to a curve, not to a table."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What must be known to judge figures: when, where, and the settings of each contestant."""

    at: str
    where: str
    scale: float
    settings: Mapping[str, str]


def table(name: str, runs: Runs) -> Table:
    """Median, least and greatest of every figure, and the median's ratio to ours."""
    result = Table(title=f"{name.upper()} {WORKLOADS[name].title}", title_justify="left")
    for column in ("contestant", "figure"):
        result.add_column(column)
    for column in ("median", "min", "max", "runs", "/ ours"):
        result.add_column(column, justify="right")
    for row in rows(runs):
        result.add_row(*row)
    return result


def rows(runs: Runs) -> list[tuple[str, ...]]:
    """The cells of a table, contestants in the order of the runs."""
    ours = summaries(runs.get(OURS, ()))
    result: list[tuple[str, ...]] = []
    for contestant, of_contestant in runs.items():
        shown = contestant
        for figure, summary in summaries(of_contestant).items():
            if not figure.startswith(SERIES):
                result.append((shown, figure, *_cells(summary, ours.get(figure))))
                shown = ""
    return result


def _cells(summary: Summary, ours: Summary | None) -> tuple[str, ...]:
    share = ratio(summary, ours)
    numbers = (summary.median, summary.low, summary.high)
    shown = "" if share is None else f"{share:.2f}"
    return (*map(readable, numbers), str(summary.runs), shown)


def as_json(results: Results, circumstances: Circumstances) -> str:
    """Every run of everything, and the summaries; what never happened is null."""
    workloads = {
        name: {
            "title": WORKLOADS[name].title,
            "runs": runs,
            "summaries": {
                contestant: {
                    figure: {"median": each.median, "min": each.low, "max": each.high}
                    for figure, each in summaries(of_contestant).items()
                }
                for contestant, of_contestant in runs.items()
            },
        }
        for name, runs in results.runs.items()
    }
    report = {
        "at": circumstances.at,
        "where": circumstances.where,
        "scale": circumstances.scale,
        "settings": circumstances.settings,
        "skipped": results.skipped,
        "failed": results.failed,
        "workloads": workloads,
    }
    return json.dumps(_finite(report), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value)
        return {key: _finite(each) for key, each in pairs.items()}
    if isinstance(value, list):
        return [_finite(each) for each in cast("list[object]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def set_aside(folder: Path) -> None:
    """Move what an earlier measurement left into a folder of its own, named after its time."""
    latest = folder / "latest.json"
    if not latest.exists():
        return
    kept = folder / json.loads(latest.read_text())["at"].replace(":", "")
    kept.mkdir(exist_ok=True)
    for path in (latest, *folder.glob("*.svg")):
        path.rename(kept / path.name)


def write(results: Results, circumstances: Circumstances, folder: Path) -> None:
    """Keep everything in a folder: `latest.json` and a plot of each workload."""
    folder.mkdir(exist_ok=True)
    (folder / "latest.json").write_text(as_json(results, circumstances))
    for name, runs in results.runs.items():
        workload = WORKLOADS[name]
        bars = {
            contestant: of_figures[workload.shown]
            for contestant, of_contestant in runs.items()
            if workload.shown in (of_figures := summaries(of_contestant))
        }
        title = f"{name.upper()} {workload.title}: {workload.shown}"
        (folder / f"{name}.svg").write_text(plot.bars(title, bars))
        curves = series(runs)
        if curves:
            labels = list(next(iter(curves.values())))
            values = {who: list(points.values()) for who, points in curves.items()}
            title = f"{name.upper()} {workload.title}: jobs/s by seconds"
            (folder / f"{name}-windows.svg").write_text(plot.curves(title, labels, values))


def series(runs: Runs) -> dict[str, dict[str, float]]:
    """The median of every figure that belongs to a curve, by contestant and moment."""
    result: dict[str, dict[str, float]] = {}
    for contestant, of_contestant in runs.items():
        points = {
            figure.removeprefix(SERIES).partition(" ")[0].lstrip("0"): summary.median
            for figure, summary in summaries(of_contestant).items()
            if figure.startswith(SERIES)
        }
        if points:
            result[contestant] = points
    return result
