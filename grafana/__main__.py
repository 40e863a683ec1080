"""Writes the dashboards' JSON: `make docs`."""

from __future__ import annotations

import json
from pathlib import Path

from grafana import one_job, overview
from grafana.panels import Dashboard

DIRECTORY = Path(__file__).parent / "dashboards"
FILES = {"overview.json": overview.DASHBOARD, "one-job.json": one_job.DASHBOARD}


def text_of(dashboard: Dashboard) -> str:
    """What the file of a dashboard holds."""
    return json.dumps(dashboard.json(), indent=1) + "\n"


if __name__ == "__main__":
    for name, dashboard in FILES.items():
        (DIRECTORY / name).write_text(text_of(dashboard))
