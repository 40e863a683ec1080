"""The dashboard of one declared job: how much, how fast, how well."""

from __future__ import annotations

from grafana.expressions import CLUSTER, RATE, by, depth, depths, failing, of, quantiles, rate
from grafana.panels import Dashboard, Panel, Query, Row, Variable, tile
from jobs_supervisor import metrics

JOB = f'{CLUSTER}, job_name="$job_name"'


NOW = Row(
    "Now",
    [
        tile(
            "Ready",
            [Query(depth(JOB, "ready"))],
            "Could be claimed now.",
        ),
        tile(
            "Delayed",
            [Query(depth(JOB, "delayed"))],
            "Wait for their time: submitted with a delay, or to be tried again.",
        ),
        tile(
            "Active",
            [Query(depth(JOB, "active"))],
            "Claimed; the short ones of a batch wait in their worker.",
        ),
        tile(
            "Oldest ready",
            [Query(f"max({of(metrics.OLDEST, JOB)})")],
            "Since it could be claimed.",
            unit="s",
            thresholds=(60, 300),
        ),
        tile(
            "Failing",
            [Query(failing(JOB))],
            "Attempts of the last 5 minutes that failed or expired for good.",
            unit="percentunit",
            thresholds=(0.01, 0.05),
        ),
        tile(
            "Quarantined, 24 h",
            [Query(f"sum(increase({of(metrics.QUARANTINED, JOB)}[24h]))")],
            "Took three workers down and were failed for it.",
            thresholds=(1, 1),
        ),
    ],
)

COURSE = Row(
    "Course",
    [
        Panel(
            "Attempts by outcome",
            "timeseries",
            [by("outcome", rate(metrics.ATTEMPTS, JOB))],
            "A retry is an attempt that failed and will be made again.",
            unit="ops",
            stacked=True,
            width=12,
        ),
        Panel(
            "Jobs by state",
            "timeseries",
            [by("state", depths(JOB))],
            "Ready jobs wait for a worker, delayed ones for their time.",
            stacked=True,
            width=12,
        ),
        Panel(
            "Duration",
            "timeseries",
            quantiles(metrics.DURATION, JOB),
            "How long attempts took.",
            unit="s",
        ),
        Panel(
            "Durations",
            "heatmap",
            [Query(f"sum by (le) (increase({metrics.DURATION.name}_bucket{{{JOB}}}{RATE}))")],
            "The same, all of them: two bands are two kinds of work.",
            unit="s",
        ),
        Panel(
            "Wait until claimed",
            "timeseries",
            quantiles(metrics.WAIT, JOB),
            "From the moment a job could be claimed until it was.",
            unit="s",
        ),
        Panel(
            "Workers kept busy",
            "timeseries",
            [
                Query(
                    f"sum by (instance) (rate({metrics.DURATION.name}_sum{{{JOB}}}{RATE}))",
                    "{{instance}}",
                )
            ],
            "On average, counted when attempts end.",
            stacked=True,
        ),
        Panel(
            "Attempts by host",
            "timeseries",
            [by("instance", rate(metrics.ATTEMPTS, JOB))],
            "A host that falls behind the others is slow, or new.",
            unit="ops",
            stacked=True,
        ),
        Panel(
            "Ticks of its schedules",
            "timeseries",
            [
                Query(f"sum(increase({of(metrics.CRON_FIRED, JOB)}{RATE}))", "fired"),
                Query(f"sum(increase({of(metrics.CRON_MISSED, JOB)}{RATE}))", "missed"),
            ],
            "Missed: passed over because no scheduler lived, or the policy said so.",
        ),
    ],
)

DASHBOARD = Dashboard(
    uid="jobs-one",
    title="Jobs / One job",
    description="One declared job of jobs-runtime.",
    variables=[
        Variable("cluster", "Cluster", f"label_values({metrics.BUILD.name}, cluster)"),
        Variable(
            "job_name",
            "Job",
            f"label_values({metrics.ATTEMPTS.name}{{{CLUSTER}}}, job_name)",
            every=False,
        ),
    ],
    rows=[NOW, COURSE],
    links=[{"type": "link", "title": "Overview", "url": "/d/jobs-overview", "keepTime": True}],
)
