"""Panels and dashboards of Grafana, as few of their many settings as are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH = 24
"""Columns of a dashboard."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

COLOURS = {
    "completed": "green", "retry": "yellow", "failed": "red", "expired": "orange",
    "cancelled": "text", "snoozed": "blue", "ready": "yellow", "paused": "text", "delayed": "blue",
    "active": "green", "busy": "green", "idle": "blue", "booting": "purple",
    "connecting": "orange", "draining": "text",
}  # fmt: skip
"""What means the same has the same colour everywhere."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """An expression and how its series are called."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture.

    Attributes:
        kind: stat, timeseries, heatmap, bargauge or state-timeline.
        explains: what to read from it, shown behind the (i).
        unit: of Grafana, such as s, ops, bytes, percentunit.
        thresholds: from which value on it is yellow, and red.
        stacked: whether series are piled up.
        least: where its axis begins.
        width: in columns of 24.
    """

    title: str
    kind: str
    queries: Sequence[Query]
    explains: str
    unit: str = "short"
    thresholds: tuple[float, float] | None = None
    stacked: bool = False
    least: float = 0
    width: int = 8
    height: int = 8
    mappings: Sequence[Json] = ()

    def json(self, number: int, x: int, y: int) -> Json:
        """As Grafana reads it."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.explains,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [self._target(index, query) for index, query in enumerate(self.queries)],
            "fieldConfig": {"defaults": self._defaults(), "overrides": self._colours()},
            "options": self._options(),
        }

    def _target(self, index: int, query: Query) -> Json:
        heatmap = self.kind == "heatmap"
        return {
            "refId": "ABCDEFGH"[index],
            "datasource": DATASOURCE,
            "expr": query.expression,
            "legendFormat": "{{le}}" if heatmap else query.legend or "__auto",
            "format": "heatmap" if heatmap else "time_series",
            "instant": self.kind in ("stat", "bargauge"),
            "range": self.kind not in ("stat", "bargauge"),
        }

    def _defaults(self) -> Json:
        defaults: Json = {"unit": self.unit, "min": self.least, "mappings": list(self.mappings)}
        if self.thresholds is not None:
            yellow, red = self.thresholds
            steps: list[Json] = [{"color": "green", "value": None}]
            steps += [{"color": "yellow", "value": yellow}, {"color": "red", "value": red}]
            defaults["thresholds"] = {"mode": "absolute", "steps": steps}
            defaults["color"] = {"mode": "thresholds"}
        if self.kind == "timeseries":
            defaults["color"] = {"mode": "palette-classic"}
            defaults["custom"] = {
                "fillOpacity": 30 if self.stacked else 8,
                "lineWidth": 1,
                "showPoints": "never",
                "spanNulls": 60_000,
                "stacking": {"mode": "normal" if self.stacked else "none"},
                "thresholdsStyle": {"mode": "off" if self.thresholds is None else "dashed"},
            }
        return defaults

    def _colours(self) -> list[Json]:
        if not any(query.legend in ("{{state}}", "{{outcome}}") for query in self.queries):
            return []
        return [
            {
                "matcher": {"id": "byName", "options": name},
                "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
            }
            for name, colour in COLOURS.items()
        ]

    def _options(self) -> Json:
        if self.kind == "timeseries":
            legend = {
                "displayMode": "table",
                "placement": "bottom",
                "calcs": ["lastNotNull", "max"],
            }
            return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
        if self.kind == "heatmap":
            scheme = {"mode": "scheme", "scheme": "Oranges", "steps": 64}
            return {"calculate": False, "color": scheme, "yAxis": {"unit": self.unit}}
        if self.kind == "state-timeline":
            return {"showValue": "never", "mergeValues": True}
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "background"}


def tile(
    title: str,
    queries: Sequence[Query],
    explains: str,
    unit: str = "short",
    thresholds: tuple[float, float] | None = None,
) -> Panel:
    """One number, six to a row."""
    return Panel(title, "stat", queries, explains, unit, thresholds, width=4, height=4)


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Variable:
    """What is chosen at the top of a dashboard.

    Attributes:
        expression: gives the values.
        every: whether all together, or several, can be chosen.
    """

    name: str
    label: str
    expression: str
    every: bool = True

    def json(self) -> Json:
        """As Grafana reads it."""
        chosen: Json = {"text": "All", "value": "$__all"} if self.every else {}
        return {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": DATASOURCE,
            "query": {"query": self.expression, "refId": self.name},
            "refresh": 2,
            "sort": 1,
            "includeAll": self.every,
            "multi": self.every,
            "allValue": ".*" if self.every else None,
            "current": chosen,
        }


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of panels."""

    uid: str
    title: str
    description: str
    variables: Sequence[Variable]
    rows: Sequence[Row]
    links: Sequence[Json] = field(default_factory=tuple)

    @property
    def panels(self) -> list[Panel]:
        """All of them, in order."""
        return [panel for row in self.rows for panel in row.panels]

    def json(self) -> Json:
        """As Grafana reads it: imported by hand, or provisioned."""
        chooser = {"type": "datasource", "name": "datasource", "label": "Source"}
        chooser["query"] = "prometheus"
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["jobs-runtime"],
            "schemaVersion": 39,
            "editable": True,
            "timezone": "browser",
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "links": list(self.links),
            "templating": {"list": [chooser, *(each.json() for each in self.variables)]},
            "panels": self._laid_out(),
        }

    def _laid_out(self) -> list[Json]:
        laid: list[Json] = []
        y = 0
        for row in self.rows:
            place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
            number = len(laid) + 1
            laid.append({"id": number, "type": "row", "title": row.title, "gridPos": place})
            y, x, tallest = y + 1, 0, 0
            for panel in row.panels:
                if x + panel.width > WIDTH:
                    y, x, tallest = y + tallest, 0, 0
                laid.append(panel.json(len(laid) + 1, x, y))
                x, tallest = x + panel.width, max(tallest, panel.height)
            y += tallest
        return laid
