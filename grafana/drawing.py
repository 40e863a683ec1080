"""Draws panels as SVG: near enough to Grafana to show what a dashboard looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, pairwise

from grafana.canvas import (
    EDGE,
    FAINT,
    GROUND,
    HEAD,
    HEAT,
    INK,
    MARGIN,
    PAINT,
    SERIES,
    Box,
    Curve,
    axes,
    hours,
    plot_of,
    strip,
    ticks_up_to,
    words,
)  # fmt: skip
from grafana.figures import written
from grafana.panels import COLOURS, Panel


def drawn(panel: Panel, curves: Sequence[Curve], times: Sequence[str], box: Box) -> str:
    """A panel as an SVG group.

    Args:
        panel: what it shows.
        curves: its data, in its own order.
        times: what stands under each step.
        box: where.
    """
    draw = DRAW[panel.kind]
    title = words(MARGIN, 19, panel.title, INK, 12.5, weight=500)
    frame = (
        f'<rect width="{box.width}" height="{box.height}" rx="2" fill="{GROUND}" stroke="{EDGE}"/>'
    )
    inside = draw(panel, curves, times, box)
    return f'<g transform="translate({box.x} {box.y})">{frame}{title}{inside}</g>'


def _colour(panel: Panel, curve: Curve, index: int) -> str:
    known = any(query.legend in ("{{state}}", "{{outcome}}") for query in panel.queries)
    name = COLOURS.get(curve.name) if known else None
    return PAINT[name] if name else SERIES[index % len(SERIES)]


def _stat(panel: Panel, curves: Sequence[Curve], _times: Sequence[str], box: Box) -> str:
    parts: list[str] = []
    share = box.width / max(1, len(curves))
    for index, curve in enumerate(curves):
        middle = share * (index + 0.5)
        value = written(curve.last, panel.unit)
        parts.append(words(middle, 70, value, _judged(panel, curve.last), 30, "middle", 600))
        if len(curves) > 1:
            parts.append(words(middle, 92, curve.name, FAINT, 11, "middle"))
    return "".join(parts)


def _judged(panel: Panel, value: float) -> str:
    yellow, red = panel.thresholds or (float("inf"), float("inf"))
    return PAINT["red" if value >= red else "yellow" if value >= yellow else "green"]


def _timeseries(panel: Panel, curves: Sequence[Curve], times: Sequence[str], box: Box) -> str:
    curves = sorted(curves, key=lambda curve: -curve.most)
    curves = [curve for curve in curves if curve.most > 0] or curves[:1]
    colours = [_colour(panel, curve, index) for index, curve in enumerate(curves)]
    plot = plot_of(box)
    ticks = ticks_up_to(max(_heights(panel, curves), default=0.0))
    parts = axes(panel.unit, ticks, times, plot)
    below = [0.0] * len(times)
    for curve, colour in zip(curves, colours, strict=True):
        above = [
            None if value is None else value + base * panel.stacked
            for value, base in zip(curve.values, below, strict=True)
        ]
        for run in _runs(above):
            parts.append(_area(run, above, below, ticks[-1], plot, colour, panel.stacked))
        if panel.stacked:
            below = [
                base if value is None else value for value, base in zip(above, below, strict=True)
            ]
    return "".join(parts) + _legend(curves, colours, panel, box)


def _runs(values: Sequence[object]) -> list[range]:
    """Where there are values without a gap."""
    steps = groupby(range(len(values)), key=lambda at: values[at] is not None)
    found = [list(run) for there, run in steps if there]
    return [range(run[0], run[-1] + 1) for run in found]


def _area(
    run: range,
    above: Sequence[float | None],
    below: Sequence[float],
    highest: float,
    plot: Box,
    colour: str,
    stacked: bool,
) -> str:
    def point(at: int, value: float) -> str:
        x = plot.x + plot.width * at / (len(above) - 1)
        return f"{x:.1f} {plot.y + plot.height * (1 - value / highest):.1f}"

    line = "L".join(point(at, above[at] or 0.0) for at in run)
    base = "L".join(point(at, below[at]) for at in reversed(run))
    opacity = 0.35 if stacked else 0.08
    return (
        f'<path d="M{line}L{base}Z" fill="{colour}" opacity="{opacity}"/>'
        f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="1.3"/>'
    )


def _heights(panel: Panel, curves: Sequence[Curve]) -> list[float]:
    if not panel.stacked:
        return [value for curve in curves for value in curve.values if value is not None]
    columns = zip(*(curve.values for curve in curves), strict=True)
    return [sum(value or 0.0 for value in column) for column in columns]


def _legend(curves: Sequence[Curve], colours: Sequence[str], panel: Panel, box: Box) -> str:
    """The greatest first, with the greatest sample, as many as there is room for."""
    parts: list[str] = []
    x, y = float(MARGIN), box.height - 9
    for curve, colour in zip(curves, colours, strict=True):
        name = f"{curve.name}, max {written(curve.most, panel.unit)}"
        width = 20 + 5.2 * len(name)
        if x + width > box.width - 12:
            parts.append(words(x, y, "…", FAINT, 10))
            break
        parts.append(f'<rect x="{x:.1f}" y="{y - 5}" width="10" height="3" fill="{colour}"/>')
        parts.append(words(x + 14, y, name, INK, 10))
        x += width
    return "".join(parts)


def _heatmap(panel: Panel, curves: Sequence[Curve], times: Sequence[str], box: Box) -> str:
    """Cumulative buckets, the lowest bound first, as a grid of the counts between the bounds."""
    ordered = sorted(curves, key=lambda curve: float(curve.name.replace("+Inf", "inf")))
    rows = [[value or 0.0 for value in curve.values] for curve in ordered]
    counts = [
        rows[0],
        *([b - a for a, b in zip(*pair, strict=True)] for pair in pairwise(rows)),
    ]
    seen = [at for at, row in enumerate(counts) if max(row) > 0.01]
    shown = range(seen[0], seen[-1] + 1) if seen else range(1)
    most = max(max(counts[at]) for at in shown) or 1.0
    plot = plot_of(box)
    height = plot.height / len(shown)
    parts = hours(times, plot)
    for place, at in enumerate(reversed(shown)):
        y = plot.y + place * height
        bound = ordered[at].name
        label = "∞" if bound == "+Inf" else written(float(bound), panel.unit)
        parts.append(words(plot.x - 6, y + height / 2 + 3.5, label, FAINT, 10, "end"))
        strengths = [round((count / most) ** 0.4, 1) for count in counts[at]]
        parts += strip(strengths, y, height, plot, lambda strength: (HEAT, strength))
    return "".join(parts)


def _bargauge(panel: Panel, curves: Sequence[Curve], _times: Sequence[str], box: Box) -> str:
    ordered = sorted(curves, key=lambda curve: -curve.last)[:8]
    most = max((curve.last for curve in ordered), default=1.0) or 1.0
    left, room = 110.0, box.width - 110 - 60
    height = (box.height - HEAD - MARGIN) / max(1, len(ordered))
    parts: list[str] = []
    for index, curve in enumerate(ordered):
        y = HEAD + index * height
        width, middle = max(1.0, room * curve.last / most), y + height / 2 + 4
        parts.append(words(left - 8, middle, curve.name, INK, 11, "end"))
        parts.append(
            f'<rect x="{left}" y="{y + 3:.1f}" width="{width:.1f}" height="{height - 6:.1f}"'
            f' fill="{PAINT["green"]}" opacity="0.75"/>'
        )
        value = written(curve.last, panel.unit)
        parts.append(words(left + width + 6, middle, value, PAINT["green"], 11))
    return "".join(parts)


def _state_timeline(panel: Panel, curves: Sequence[Curve], times: Sequence[str], box: Box) -> str:
    states: Mapping[str, Mapping[str, str]] = panel.mappings[0]["options"]
    plot = plot_of(box)
    height = min(44.0, plot.height / max(1, len(curves)))
    parts = hours(times, plot)

    def paint(value: float) -> tuple[str, float]:
        return PAINT[states[f"{value:.0f}"]["color"]], 0.75

    for index, curve in enumerate(curves):
        y = plot.y + index * (height + 4)
        parts.append(words(plot.x - 6, y + height / 2 + 4, curve.name, INK, 11, "end"))
        parts += strip(curve.values, y, height, plot, paint)
    for index, state in enumerate(states.values()):
        x, y = MARGIN + 70 * index, box.height - 14
        colour = PAINT[state["color"]]
        parts.append(f'<rect x="{x}" y="{y}" width="10" height="3" fill="{colour}"/>')
        parts.append(words(x + 14, y + 5, state["text"], INK, 10))
    return "".join(parts)


Draw = Callable[[Panel, Sequence[Curve], Sequence[str], Box], str]

DRAW: Mapping[str, Draw] = {
    "stat": _stat,
    "timeseries": _timeseries,
    "heatmap": _heatmap,
    "bargauge": _bargauge,
    "state-timeline": _state_timeline,
}
"""How each kind of panel is drawn."""
