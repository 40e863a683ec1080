"""The first dashboard that somebody on call opens: is anything wrong, and where?"""

from __future__ import annotations

from grafana.expressions import (
    BOTH,
    CLUSTER,
    JOB,
    RATE,
    by,
    depth,
    depths,
    failing,
    of,
    quantiles,
    rate,
    unhandled,
)
from grafana.operations import DATABASE, FAULTS, SCHEDULER, WORKERS
from grafana.panels import Dashboard, Panel, Query, Row, Variable, tile
from jobs_supervisor import metrics

BUSY = of(metrics.WORKERS, f'{CLUSTER}, state="busy"')
ABLE = of(metrics.WORKERS, f'{CLUSTER}, state=~"idle|busy"')

NOW = Row(
    "Now",
    [
        tile(
            "Oldest job that could run",
            [Query(f"max({of(metrics.OLDEST, BOTH)})")],
            "Delayed jobs do not count. Grows while workers are too few, stuck or away.",
            unit="s",
            thresholds=(60, 300),
        ),
        tile(
            "Ready jobs",
            [Query(depth(BOTH, "ready"))],
            "Could be claimed now; at most 100,000 a queue are counted.",
            thresholds=(10_000, 100_000),
        ),
        tile(
            "Failing",
            [Query(failing(JOB))],
            "Attempts of the last 5 minutes that failed or expired for good.",
            unit="percentunit",
            thresholds=(0.01, 0.05),
        ),
        tile(
            "Workers busy",
            [Query(f"sum({BUSY}) / sum({ABLE})")],
            "Of those that are ready. Near 100 % jobs wait for workers.",
            unit="percentunit",
            thresholds=(0.8, 0.95),
        ),
        tile(
            "Hosts scraped / alive",
            [
                Query(f"count({of(metrics.BUILD)})", "scraped"),
                Query(f"sum(max by (cluster) ({of(metrics.SUPERVISORS)}))", "alive"),
            ],
            "Alive is what the database knows; fewer scraped than alive: metrics are missing.",
        ),
        tile(
            "Quarantined, 24 h",
            [Query(f"sum(increase({of(metrics.QUARANTINED, JOB)}[24h]))")],
            "Jobs that took three workers down and were failed for it.",
            thresholds=(1, 1),
        ),
    ],
)

QUEUES = Row(
    "Queues",
    [
        Panel(
            "Age of the oldest ready job",
            "timeseries",
            [Query(f"max by (queue) ({of(metrics.OLDEST, BOTH)})", "{{queue}}")],
            "A straight rise of 1 s a second: nothing is taken from that queue.",
            unit="s",
        ),
        Panel(
            "Jobs by state",
            "timeseries",
            [by("state", depths(BOTH))],
            "Ready jobs wait for a worker, delayed ones for their time.",
            stacked=True,
        ),
        Panel(
            "Wait until claimed",
            "timeseries",
            quantiles(metrics.WAIT, JOB),
            "From the moment a job could be claimed until it was. Of jobs that were.",
            unit="s",
        ),
        Panel(
            "Ready jobs by queue",
            "timeseries",
            [by("queue", depths(BOTH, "ready"))],
            "Which queue the backlog is in.",
            stacked=True,
        ),
        Panel(
            "Jobs that nobody performs",
            "timeseries",
            [by("job_name", unhandled(BOTH))],
            "Waiting under a name that no living supervisor declares: a deploy in the wrong order,"
            " or a job that was renamed.",
        ),
        Panel(
            "Top 10 jobs by time taken",
            "bargauge",
            [
                Query(
                    f"topk(10, sum by (job_name) (rate({metrics.DURATION.name}_sum{{{JOB}}}[5m])))",
                    "{{job_name}}",
                )
            ],
            "How many workers each keeps busy, over 5 minutes, counted when attempts end.",
        ),
    ],
)

ATTEMPTS = Row(
    "Attempts",
    [
        Panel(
            "Attempts by outcome",
            "timeseries",
            [by("outcome", rate(metrics.ATTEMPTS, JOB))],
            "A retry is an attempt that failed and will be made again.",
            unit="ops",
            stacked=True,
        ),
        Panel(
            "Failures by job",
            "timeseries",
            [by("job_name", rate(metrics.ATTEMPTS, f'{JOB}, outcome!~"completed|cancelled"'))],
            "Failed, expired or to be retried.",
            unit="ops",
        ),
        Panel(
            "Duration",
            "heatmap",
            [Query(f"sum by (le) (increase({metrics.DURATION.name}_bucket{{{JOB}}}{RATE}))")],
            "How long attempts took.",
            unit="s",
        ),
    ],
)

DASHBOARD = Dashboard(
    uid="jobs-overview",
    title="Jobs / Overview",
    description="Queues, workers and the scheduler of jobs-runtime.",
    variables=[
        Variable("cluster", "Cluster", f"label_values({metrics.BUILD.name}, cluster)"),
        Variable("queue", "Queue", f"label_values({of(metrics.DEPTH)}, queue)"),
        Variable("job_name", "Job", f"label_values({of(metrics.ATTEMPTS)}, job_name)"),
    ],
    rows=[NOW, QUEUES, ATTEMPTS, WORKERS, FAULTS, SCHEDULER, DATABASE],
    links=[
        {
            "type": "link",
            "title": "One job",
            "url": "/d/jobs-one?${datasource:queryparam}&${cluster:queryparam}",
            "keepTime": True,
        }
    ],
)
