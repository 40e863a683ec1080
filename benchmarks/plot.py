"""Plots as SVG: bars with the least and the greatest run, and curves over time."""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.figures import Summary, readable
from benchmarks.peer import OURS

# pygal has no types.
_pygal: Any = importlib.import_module("pygal")
_style: Any = importlib.import_module("pygal.style")

# For plugins with maps it hooks into every import that follows, in a way that Python warns of.
sys.meta_path[:] = [each for each in sys.meta_path if type(each).__name__ != "PluginImportFixer"]

OURS_COLOUR, THEIRS_COLOUR = "#1f6feb", "#8c959f"
LINE_COLOURS = (
    "#e5534b", "#2da44e", "#bf8700", "#8250df", "#bc4c00", "#1b7c83",
    "#cf2b8c", "#57606a", "#7d4e00", "#0a3069", "#a40e26", "#116329",
)  # fmt: skip
WIDE = 50
"""Greatest over least from which bars are drawn on a logarithmic scale."""


def bars(title: str, of_contestants: Mapping[str, Summary]) -> str:
    """One bar a contestant, the greatest on top; what never happened has none."""
    drawn = {
        name: summary
        for name, summary in sorted(of_contestants.items(), key=lambda item: item[1].median)
        if math.isfinite(summary.median)
    }
    medians = [summary.median for summary in drawn.values() if summary.median > 0]
    chart: Any = _pygal.HorizontalBar(
        **_options(title),
        height=120 + 34 * max(1, len(drawn)),
        show_legend=False,
        print_values=True,
        logarithmic=bool(medians) and max(medians) > WIDE * min(medians),
        value_formatter=readable,
    )
    chart.x_labels = list(drawn)
    chart.add("median", [_bar(name, summary) for name, summary in drawn.items()])
    return chart.render(is_unicode=True)


def _bar(name: str, summary: Summary) -> dict[str, object]:
    whiskers = {"low": summary.low, "high": summary.high}
    colour = OURS_COLOUR if name == OURS else THEIRS_COLOUR
    return {"value": summary.median, "ci": whiskers, "color": colour}


def curves(title: str, x_labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> str:
    """One line a contestant."""
    others = iter(LINE_COLOURS)
    colours = [OURS_COLOUR if name == OURS else next(others, THEIRS_COLOUR) for name in series]
    options = _options(title, colors=tuple(colours))
    chart: Any = _pygal.Line(**options, height=420, range=(0, _highest(series)))
    chart.x_labels = list(x_labels)
    for name, values in series.items():
        chart.add(name, list(values))
    return chart.render(is_unicode=True)


def _highest(series: Mapping[str, Sequence[float]]) -> float:
    return max((max(values, default=0.0) for values in series.values()), default=0.0) or 1.0


def _options(title: str, **style: object) -> dict[str, object]:
    sizes = {"title_font_size": 15, "label_font_size": 12, "value_font_size": 12}
    of_plot = _style.CleanStyle(**sizes, **style)
    return {"title": title, "width": 900, "js": [], "style": of_plot, "truncate_label": -1}
