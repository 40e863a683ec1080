"""What many runs say together: pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Runs = Mapping[str, Sequence[Mapping[str, float]]]
"""Figures of every run, by contestant."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One figure over all runs; infinity where something never happened."""

    median: float
    low: float
    high: float
    runs: int


def summarise(values: Sequence[float]) -> Summary:
    """Median, least and greatest."""
    return Summary(statistics.median(values), min(values), max(values), len(values))


def summaries(runs: Sequence[Mapping[str, float]]) -> dict[str, Summary]:
    """Every figure of one contestant, in the order of their first appearance."""
    names = list(dict.fromkeys(name for run in runs for name in run))
    return {name: summarise([run[name] for run in runs if name in run]) for name in names}


def ratio(summary: Summary, ours: Summary | None) -> float | None:
    """How a contestant's median compares with ours; nothing where that says nothing."""
    if ours is None or ours.median == 0 or not math.isfinite(ours.median):
        return None
    return summary.median / ours.median if math.isfinite(summary.median) else None


def percentile(values: Sequence[float], which: int) -> float:
    """A percentile, between the two values next to it."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[which - 1]


def readable(value: float) -> str:
    """A figure with as many digits as it deserves."""
    if math.isinf(value):
        return "never"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
