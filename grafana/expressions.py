"""What panels ask Prometheus for."""

from __future__ import annotations

from grafana.panels import Query
from jobs_supervisor import metrics

CLUSTER = 'cluster=~"$cluster"'
JOB = f'{CLUSTER}, job_name=~"$job_name"'
RATE = "[$__rate_interval]"
BOTH = f'{CLUSTER}, queue=~"$queue", job_name=~"$job_name"'
BAD = 'outcome=~"failed|expired"'
FINAL = 'outcome=~"completed|failed|expired"'


def quantiles(metric: metrics.Metric, selector: str) -> list[Query]:
    """The median and the slow ones of a histogram."""
    rates = f"sum by (le) (rate({metric.name}_bucket{{{selector}}}{RATE}))"
    return [
        Query(f"histogram_quantile({share}, {rates})", legend)
        for share, legend in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
    ]


def by(label: str, expression: str) -> Query:
    """A sum by one label, which names the series."""
    return Query(f"sum by ({label}) ({expression})", f"{{{{{label}}}}}")


def of(metric: metrics.Metric, selector: str = CLUSTER) -> str:
    """A selection of a metric."""
    return f"{metric.name}{{{selector}}}"


def rate(metric: metrics.Metric, selector: str = CLUSTER) -> str:
    """How fast a counter goes up."""
    return f"rate({of(metric, selector)}{RATE})"


def failing(selector: str) -> str:
    """The share of jobs that failed for good, of those that ended."""
    bad = f"sum(rate({of(metrics.ATTEMPTS, f'{selector}, {BAD}')}[5m]))"
    every = f"sum(rate({of(metrics.ATTEMPTS, f'{selector}, {FINAL}')}[5m]))"
    return f"{bad} / ({every} > 0) or vector(0)"


def depth(selector: str, state: str) -> str:
    """How many jobs are in a state."""
    return f"sum({depths(selector, state)})"


def depths(selector: str, state: str = "") -> str:
    """The same for every queue, job and state; while the lead changes, two hosts may tell."""
    chosen = f'{selector}, state="{state}"' if state else selector
    return f"max by (cluster, queue, job_name, state) ({of(metrics.DEPTH, chosen)})"


def unhandled(selector: str) -> str:
    """Waiting jobs that nobody performs, likewise."""
    return f"max by (cluster, queue, job_name) ({of(metrics.UNHANDLED, selector)})"
