"""What panels are drawn with: boxes, words, colours and axes, as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from grafana.figures import written

INK, FAINT, GROUND, EDGE = "#ccccdc", "#8e8e9c", "#181b1f", "#2c3235"
PAINT = {
    "green": "#73bf69", "yellow": "#f2cc0c", "orange": "#ff9830", "red": "#f2495c",
    "blue": "#5794f2", "purple": "#b877d9", "text": "#8e8e9c",
}  # fmt: skip
SERIES = (
    "#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#37872d",
    "#fade2a", "#e0b400", "#ca95e5", "#ff7383",
)  # fmt: skip
HEAT = "#ff9830"
HEAD, FOOT, MARGIN, LEFT = 30, 22, 10, 58.0
"""Pixels of a panel above, below and beside what is drawn, and left of it with an axis."""


@dataclass(frozen=True)
class Curve:
    """One series of a panel.

    Attributes:
        values: one a step, None for no sample.
    """

    name: str
    values: Sequence[float | None]

    @property
    def last(self) -> float:
        """The newest sample; 0 for none."""
        return next((value for value in reversed(self.values) if value is not None), 0.0)

    @property
    def most(self) -> float:
        """The greatest sample; 0 for none."""
        return max((value for value in self.values if value is not None), default=0.0)


@dataclass(frozen=True)
class Box:
    """Where a panel is drawn, in pixels."""

    x: float
    y: float
    width: float
    height: float


def words(
    x: float,
    y: float,
    text: str,
    colour: str,
    size: float,
    anchor: str = "start",
    weight: int = 400,
) -> str:
    """A text element."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" font-weight="{weight}"'
        f' text-anchor="{anchor}">{escape(text)}</text>'
    )


def plot_of(box: Box) -> Box:
    """The part of a panel within its axes."""
    return Box(LEFT, HEAD + 6, box.width - LEFT - MARGIN, box.height - HEAD - 6 - FOOT - 18)


def ticks_up_to(most: float) -> list[float]:
    """Round values from 0 to `most` or a little more."""
    step = 10 ** math.floor(math.log10(most or 1.0))
    step *= next(
        share for share in (0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0) if most <= 4 * share * step
    )
    return [step * number for number in range(max(1, math.ceil(most / step)) + 1)]


def axes(unit: str, ticks: Sequence[float], times: Sequence[str], plot: Box) -> list[str]:
    """Lines and figures at the ticks, and the times."""
    parts: list[str] = []
    for tick in ticks:
        y = plot.y + plot.height * (1 - tick / ticks[-1])
        parts.append(f'<path d="M{plot.x} {y:.1f}h{plot.width:.1f}" stroke="{EDGE}"/>')
        parts.append(words(plot.x - 6, y + 3.5, written(tick, unit), FAINT, 10, "end"))
    return parts + hours(times, plot)


def hours(times: Sequence[str], plot: Box) -> list[str]:
    """Some of the times, below the plot."""
    marked = range(len(times) // 8, len(times), len(times) // 4)
    width, y = plot.width / len(times), plot.y + plot.height + 15
    return [words(plot.x + at * width, y, times[at], FAINT, 10, "middle") for at in marked]


def strip(
    values: Sequence[float | None],
    y: float,
    height: float,
    plot: Box,
    paint: Callable[[float], tuple[str, float]],
) -> list[str]:
    """A row of cells, those that follow each other with the same value as one.

    Args:
        values: one a step, None for no cell.
        y: where its upper edge is.
        height: of the row.
        plot: how far it reaches to both sides.
        paint: gives the colour and the opacity of a value.
    """
    width = plot.width / len(values)
    parts: list[str] = []
    for value, run in groupby(range(len(values)), key=lambda at: values[at]):
        steps = list(run)
        if value is not None and (painted := paint(value))[1] > 0:
            colour, opacity = painted
            parts.append(
                f'<rect x="{plot.x + steps[0] * width:.1f}" y="{y + 0.5:.1f}"'
                f' width="{len(steps) * width:.1f}" height="{height - 1:.1f}" fill="{colour}"'
                f' opacity="{opacity}"/>'
            )
    return parts
