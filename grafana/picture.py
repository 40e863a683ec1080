"""A picture of a dashboard with the data of a Prometheus, drawn here from the same expressions.

python -m grafana.picture 127.0.0.1:9090 overview.svg 3600
"""

from __future__ import annotations

import json
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from grafana.canvas import FAINT, INK, Box, Curve
from grafana.drawing import drawn
from grafana.overview import DASHBOARD
from grafana.panels import WIDTH, Dashboard, Panel, Query

COLUMN, LINE, GAP = 50, 28, 6
"""Pixels: how wide a column of a dashboard is, how high a line, how far panels are apart."""

STEPS = 150
"""Points in time that are asked for."""

CHOSEN = {"$cluster": ".*", "$queue": ".*", "$job_name": ".*"}


class Source:
    """A Prometheus, asked for a window of time.

    Args:
        address: host:port.
        ends: when the window ends, in seconds since the epoch.
        seconds: how long it is.
        interval: what `$__rate_interval` stands for, in seconds.
    """

    def __init__(self, address: str, ends: float, seconds: float, interval: int) -> None:
        self._address = address
        self._step = seconds / STEPS
        self._times = [ends - seconds + (step + 1) * self._step for step in range(STEPS)]
        self._interval = interval

    @property
    def times(self) -> list[str]:
        """The points in time, as a clock shows them."""
        return [f"{datetime.fromtimestamp(each):%H:%M:%S}" for each in self._times]

    def curves(self, panel: Panel) -> list[Curve]:
        """The data of a panel."""
        return [curve for query in panel.queries for curve in self._ask(panel, query)]

    def _ask(self, panel: Panel, query: Query) -> list[Curve]:
        expression = query.expression.replace("$__rate_interval", f"{self._interval}s")
        for name, value in CHOSEN.items():
            expression = expression.replace(name, value)
        parameters = {
            "query": expression,
            "start": self._times[0],
            "end": self._times[-1],
            "step": self._step,
        }
        url = f"http://{self._address}/api/v1/query_range?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            found = json.load(answer)["data"]["result"]
        legend = "{{le}}" if panel.kind == "heatmap" else query.legend
        return [Curve(_named(legend, each["metric"]), self._values(each)) for each in found]

    def _values(self, series: Mapping[str, Any]) -> Sequence[float | None]:
        values: list[float | None] = [None] * STEPS
        for at, text in series["values"]:
            if text != "NaN":
                values[round((at - self._times[0]) / self._step)] = float(text)
        return values


def _named(legend: str, labels: Mapping[str, str]) -> str:
    for name, value in labels.items():
        legend = legend.replace(f"{{{{{name}}}}}", value)
    return legend


def picture(dashboard: Dashboard, source: Source) -> str:
    """A dashboard with its data, as SVG."""
    parts: list[str] = []
    y = 44.0
    for row in dashboard.rows:
        parts.append(f'<text x="8" y="{y + 18:.0f}" fill="{INK}" font-size="15">{row.title}</text>')
        y += LINE
        column, tallest = 0, 0
        for panel in row.panels:
            if column + panel.width > WIDTH:
                y, column, tallest = y + tallest * LINE, 0, 0
            box = Box(
                column * COLUMN + GAP / 2,
                y,
                panel.width * COLUMN - GAP,
                panel.height * LINE - GAP,
            )
            parts.append(drawn(panel, source.curves(panel), source.times, box))
            column, tallest = column + panel.width, max(tallest, panel.height)
        y += tallest * LINE
    width = WIDTH * COLUMN
    heading = (
        f'<text x="8" y="30" fill="{INK}" font-size="20" font-weight="600">{dashboard.title}</text>'
        f'<text x="{width - 8}" y="30" fill="{FAINT}" font-size="13" text-anchor="end">'
        f"{source.times[0]} to {source.times[-1]}</text>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y:.0f}"'
        ' font-family="Inter, Helvetica, Arial, sans-serif">'
        f'<rect width="{width}" height="{y:.0f}" fill="#111217"/>{heading}{"".join(parts)}</svg>\n'
    )


if __name__ == "__main__":
    address, target, seconds = sys.argv[1:]
    source = Source(address, time.time(), float(seconds), interval=60)
    Path(target).write_text(picture(DASHBOARD, source))
