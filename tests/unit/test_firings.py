"""What metrics tell of the ticks of schedules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs_supervisor import metrics
from jobs_supervisor.counters import Layout, Row
from jobs_supervisor.scheduler.firings import Firings

TICK = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)
LATE = timedelta(seconds=0.25)


@pytest.fixture
def row() -> Row:
    layout = Layout(["report"])
    return Row(layout, memoryview(bytearray(8 * layout.width)).cast("d"))


def numbers(row: Row, *key: str) -> list[float]:
    series = row.layout.series[key]
    return list(row.cells[series.offset : series.offset + series.cells])


def test_ticks_are_counted_by_job(row: Row) -> None:
    firings = Firings(row, ["report"])
    firings.fired("report", TICK, TICK + LATE)
    firings.missed("report", 3)
    assert numbers(row, metrics.CRON_FIRED.name, "report") == [1]
    assert numbers(row, metrics.CRON_MISSED.name, "report") == [3]


def test_of_a_job_without_metrics_only_the_lateness_is_told(row: Row) -> None:
    firings = Firings(row, ["report"])
    firings.fired("of_node", TICK, TICK + LATE)
    firings.missed("of_node", 3)
    *buckets, total = numbers(row, metrics.CRON_LATENESS.name)
    assert (sum(buckets), total) == (1, LATE.total_seconds())
    assert numbers(row, metrics.CRON_FIRED.name, "report") == [0]
    assert numbers(row, metrics.CRON_MISSED.name, "report") == [0]
