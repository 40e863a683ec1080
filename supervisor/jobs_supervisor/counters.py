"""Numbers in shared memory, one row a slot: written by one process, summed by the exporter.

A row outlives the processes in its slot, so no counter ever goes back, and how much memory there is
depends on the declared jobs and the slots alone.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from jobs_runtime.model import Claim, JobState, Outcome
from jobs_supervisor import metrics
from jobs_supervisor.metrics import Metric
from jobs_supervisor.shared import SharedMemory


@dataclass(frozen=True, slots=True)
class Series:
    """One metric with one set of label values, and where its numbers lie in a row."""

    metric: Metric
    labels: tuple[str, ...]
    offset: int

    @property
    def cells(self) -> int:
        """How many numbers it has: a histogram has one a bucket, one above all, and the sum."""
        return len(self.metric.buckets) + 2 if self.metric.kind == "histogram" else 1


class Layout:
    """Where every series lies in a row.

    Args:
        jobs: the names of the declared jobs.

    Attributes:
        durations, waits: where those series begin, by job.
        attempts: likewise, by job and outcome: a worker counts for every job.
    """

    def __init__(self, jobs: Sequence[str]) -> None:
        domains = {"job_name": jobs, "outcome": metrics.OUTCOMES, "reason": metrics.RESCUES}
        self.series: dict[tuple[str, ...], Series] = {}
        self.width = 0
        for metric in metrics.STORED:
            for labels in product(*(domains[label] for label in metric.labels)):
                series = Series(metric, labels, self.width)
                self.series[metric.name, *labels] = series
                self.width += series.cells
        self.durations = {job: self.offset(metrics.DURATION, job) for job in jobs}
        self.waits = {job: self.offset(metrics.WAIT, job) for job in jobs}
        self.attempts = {
            (job, outcome): self.offset(metrics.ATTEMPTS, job, outcome)
            for job in jobs
            for outcome in metrics.OUTCOMES
        }

    @property
    def digest(self) -> str:
        """Tells layouts apart, also those of another version of this code."""
        where = [(*key, series.offset) for key, series in self.series.items()]
        return hashlib.sha256(repr(where).encode()).hexdigest()

    def offset(self, metric: Metric, *labels: str) -> int:
        """Where a series begins in a row."""
        return self.series[metric.name, *labels].offset


class Row:
    """The numbers of one slot."""

    def __init__(self, layout: Layout, cells: memoryview[float]) -> None:
        self.layout = layout
        self.cells = cells

    def add(self, metric: Metric, *labels: str, amount: float = 1) -> None:
        """Count."""
        self.cells[self.layout.offset(metric, *labels)] += amount

    def set(self, metric: Metric, value: float) -> None:
        """Set a gauge."""
        self.cells[self.layout.offset(metric)] = value

    def observe(self, metric: Metric, *labels: str, value: float) -> None:
        """Put a value into a histogram."""
        _observe(self.cells, self.layout.offset(metric, *labels), metric.buckets, [value])


class Counters:
    """All rows.

    Args:
        memory: the shared memory.
        layout: how a row is laid out.
        slots: how many rows.
    """

    def __init__(self, memory: SharedMemory, layout: Layout, slots: int) -> None:
        self.layout = layout
        self._cells = memory.doubles
        self._slots = slots

    @staticmethod
    def size_of(layout: Layout, slots: int) -> int:
        """Bytes of shared memory that so many rows need."""
        return layout.width * slots * 8

    def copy_from(self, other: Counters) -> None:
        """Take over the numbers of the series that both have."""
        for key in self.layout.series.keys() & other.layout.series.keys():
            for slot in range(self._slots):
                mine, theirs = self.row(slot).cells, other.row(slot).cells
                series, old = self.layout.series[key], other.layout.series[key]
                for cell in range(series.cells):
                    mine[series.offset + cell] = theirs[old.offset + cell]

    def row(self, slot: int) -> Row:
        """The numbers of one slot."""
        width = self.layout.width
        return Row(self.layout, self._cells[slot * width : (slot + 1) * width])

    def sum_of(self, metric: Metric) -> float:
        """The number of a metric without labels, summed over all slots."""
        return self.total(self.layout.series[(metric.name,)])[0]

    def total(self, series: Series) -> list[float]:
        """The numbers of a series, summed over all slots."""
        width = self.layout.width
        return [
            sum(self._cells[slot * width + series.offset + cell] for slot in range(self._slots))
            for cell in range(series.cells)
        ]


class WorkerCounters:
    """What a worker counts."""

    def __init__(self, row: Row) -> None:
        self.row = row

    def attempts(self, ended: Sequence[tuple[Claim, Outcome]]) -> None:
        """Count attempts that ended."""
        by_job: dict[str, list[tuple[Claim, Outcome]]] = defaultdict(list)
        for each in ended:
            by_job[each[0].name].append(each)
        for job, of_job in by_job.items():
            self._count(job, of_job)

    def _count(self, job: str, ended: Sequence[tuple[Claim, Outcome]]) -> None:
        cells, layout = self.row.cells, self.row.layout
        counts = Counter([outcome.state for _, outcome in ended])
        if JobState.RETRY in counts:  # who asked to be performed later has not failed
            snoozed = sum(outcome.refund for _, outcome in ended)
            counts[JobState.RETRY] -= snoozed
            cells[layout.attempts[job, "snoozed"]] += snoozed
        for state, count in counts.items():
            cells[layout.attempts[job, state.value]] += count
        durations = [outcome.seconds for _, outcome in ended]
        _observe(cells, layout.durations[job], metrics.DURATIONS, durations)
        waits = [claim.waited for claim, _ in ended]
        _observe(cells, layout.waits[job], metrics.DURATIONS, waits)

    def claimed(self, jobs: int, seconds: float) -> None:
        """Count a claim."""
        self.row.observe(metrics.CLAIM_SIZE, value=jobs)
        self.row.observe(metrics.CLAIM_DURATION, value=seconds)


def _observe(
    cells: memoryview[float], offset: int, buckets: Sequence[float], values: Sequence[float]
) -> None:
    ordered, counted = sorted(values), 0
    for bucket, bound in enumerate(buckets):
        within = bisect_right(ordered, bound)
        cells[offset + bucket] += within - counted
        counted = within
    cells[offset + len(buckets)] += len(ordered) - counted
    cells[offset + len(buckets) + 1] += sum(ordered)
