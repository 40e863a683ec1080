"""What became of the ticks of schedules, as metrics tell it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from jobs_runtime.cron import SECOND
from jobs_supervisor import metrics
from jobs_supervisor.counters import Row


class Firings:
    """Counts ticks, by job where there are metrics of it.

    Args:
        row: where it counts.
        jobs: the names of the jobs that metrics are kept for.
    """

    def __init__(self, row: Row, jobs: Iterable[str]) -> None:
        self._row = row
        self._jobs = frozenset(jobs)

    def fired(self, job: str, tick: datetime, now: datetime) -> None:
        """A tick was fired."""
        self._count(metrics.CRON_FIRED, job, 1)
        self._row.observe(metrics.CRON_LATENESS, value=(now - tick) / SECOND)

    def missed(self, job: str, ticks: int) -> None:
        """Ticks were passed over."""
        self._count(metrics.CRON_MISSED, job, ticks)

    def _count(self, metric: metrics.Metric, job: str, ticks: int) -> None:
        if job in self._jobs:
            self._row.add(metric, job, amount=ticks)
