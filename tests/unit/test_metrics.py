"""The definitions of metrics keep to Prometheus' customs, and the reference page to them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs_supervisor import metrics
from jobs_supervisor.exporter.reference import LABELS, page
from jobs_supervisor.metrics import Metric

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
DEFINED = [value for value in vars(metrics).values() if isinstance(value, Metric)]
SETS = (metrics.STORED, metrics.DERIVED, metrics.CLUSTER)


def test_the_reference_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"


def test_every_metric_is_served_once() -> None:
    served = [metric.name for each in SETS for metric in each]
    assert sorted(served) == sorted(metric.name for metric in DEFINED)
    assert len(set(served)) == len(served)


@pytest.mark.parametrize("metric", DEFINED, ids=lambda metric: metric.name)
def test_a_metric_keeps_to_the_customs(metric: Metric) -> None:
    assert re.fullmatch(r"jobs_[a-z_]+", metric.name)
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    assert bool(metric.buckets) == (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert metric.help.endswith(".")
    assert "|" not in metric.help


def test_labels_are_known_and_are_not_those_of_prometheus() -> None:
    used = {label for metric in DEFINED for label in metric.labels}
    assert used == LABELS.keys()
    assert not used & {"job", "instance", "le", "quantile", "pid", "host", "job_id"}
