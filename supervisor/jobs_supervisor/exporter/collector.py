"""Makes Prometheus metric families of the shared counters and the slot map."""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from jobs_supervisor import metrics
from jobs_supervisor.counters import Counters, Series
from jobs_supervisor.ending import Ending
from jobs_supervisor.memory import resident_bytes
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slotmap import SlotMap


class SupervisorCollector(Collector):
    """Everything in `metrics`, read afresh at every scrape.

    Args:
        counters: the rows that the children write.
        slots: the slot map.
    """

    def __init__(self, counters: Counters, slots: SlotMap) -> None:
        self._counters = counters
        self._slots = slots

    def collect(self) -> Iterator[Metric]:
        """All metric families, in the order of their definitions."""
        series = list(self._counters.layout.series.values())
        for metric in metrics.STORED:
            yield self._stored(metric, [each for each in series if each.metric is metric])
        yield from self._derived()

    def _stored(self, metric: metrics.Metric, series: list[Series]) -> Metric:
        if metric.kind == "histogram":
            histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
            for each in series:
                *counts, total = self._counters.total(each)
                bounds = [*map(str, metric.buckets), "+Inf"]
                buckets = list(zip(bounds, accumulate(counts), strict=True))
                histogram.add_metric(each.labels, buckets, total)
            return histogram
        family = family_of(metric)
        for each in series:
            family.add_metric(each.labels, self._counters.total(each)[0])
        return family

    def _derived(self) -> Iterator[Metric]:
        states = Counter(slot.state for slot in self._slots.in_use if slot.role == "worker")
        workers = family_of(metrics.WORKERS)
        for state in SlotState:
            workers.add_metric([state.name.lower()], states[state])
        busy, backoff, resident = map(family_of, (metrics.BUSY, metrics.BACKOFF, metrics.RESIDENT))
        now = time.monotonic()
        for slot in self._slots.in_use:
            labels = [slot.title.replace(" ", "-")]
            busy.add_metric(labels, now - slot.started if slot.job_id else 0.0)
            backoff.add_metric(labels, max(0.0, slot.not_before - now))
            resident.add_metric(labels, resident_bytes(slot.pid))
        build = family_of(metrics.BUILD)
        build.add_metric([version("jobs-runtime"), platform.python_version()], 1)
        yield from (workers, busy, self._endings(), backoff, resident, build)

    def _endings(self) -> Metric:
        family = family_of(metrics.ENDINGS)
        roles = Counter[tuple[str, Ending]]()
        for slot in self._slots:
            for kind, ending in enumerate(Ending):
                roles[slot.role, ending] += slot.endings(kind)
        for (role, ending), count in roles.items():
            family.add_metric([role, ending], count)
        return family


def family_of(metric: metrics.Metric) -> CounterMetricFamily | GaugeMetricFamily:
    """A family without samples."""
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    return kind(metric.name, metric.help, labels=metric.labels)
