"""The overview's lower half: workers, faults, the scheduler and the database."""

from __future__ import annotations

from grafana.expressions import CLUSTER, RATE, by, of, quantiles
from grafana.panels import Json, Panel, Query, Row
from jobs_supervisor import metrics

UNPLANNED = f'{CLUSTER}, reason!~"stopped|recycled"'

ON_OFF: list[Json] = [
    {
        "type": "value",
        "options": {
            "0": {"text": "follows", "color": "text"},
            "1": {"text": "leads", "color": "green"},
        },
    }
]

WORKERS = Row(
    "Workers",
    [
        Panel(
            "Workers by state",
            "timeseries",
            [by("state", of(metrics.WORKERS, f'{CLUSTER}, state!="vacant"'))],
            "Connecting for long: the database is away. Booting for long: the application hangs.",
            stacked=True,
        ),
        Panel(
            "Unplanned ends of processes",
            "timeseries",
            [by("reason", f"increase({of(metrics.ENDINGS, UNPLANNED)}{RATE})")],
            "Reloads and recycling are left out. Out of memory: see Resident memory.",
        ),
        Panel(
            "Resident memory",
            "timeseries",
            [Query(f"max by (slot) ({of(metrics.RESIDENT)})", "{{slot}}")],
            "The largest of each slot over all hosts. What was imported before the fork is shared"
            " and counted in each.",
            unit="bytes",
        ),
        Panel(
            "Longest current attempt",
            "timeseries",
            [Query(f"max by (instance) ({of(metrics.BUSY)})", "{{instance}}")],
            "A rise without an end is a job that hangs; it is killed after its expire_in.",
            unit="s",
        ),
        Panel(
            "Claim and store",
            "timeseries",
            quantiles(metrics.CLAIM_DURATION, CLUSTER),
            "One round trip that stores outcomes and claims the next jobs.",
            unit="s",
        ),
        Panel(
            "Jobs a claim",
            "timeseries",
            [
                Query(
                    f"sum(rate({metrics.CLAIM_SIZE.name}_sum{{{CLUSTER}}}{RATE}))"
                    f" / sum(rate({metrics.CLAIM_SIZE.name}_count{{{CLUSTER}}}{RATE}))",
                    "mean",
                )
            ],
            "Near 0: workers look and find nothing. Long jobs are claimed one by one.",
        ),
    ],
)

FAULTS = Row(
    "Faults",
    [
        Panel(
            "Jobs rescued",
            "timeseries",
            [by("reason", f"increase({of(metrics.RESCUED)}{RATE})")],
            "Taken from dead workers: died (performed again), released (not begun), unknown (a host"
            " went away).",
        ),
        Panel(
            "Lost and released",
            "timeseries",
            [
                Query(f"sum(increase({of(metrics.LOST)}{RATE}))", "outcomes refused"),
                Query(f"sum(increase({of(metrics.RELEASED)}{RATE}))", "given back unstarted"),
                Query(f"sum(increase({of(metrics.RECONNECTS)}{RATE}))", "reconnects"),
            ],
            "Refused: the job had been given to another worker, after a long silence.",
        ),
        Panel(
            "Slots waiting after early deaths",
            "timeseries",
            [Query(f"max by (instance) ({of(metrics.BACKOFF)})", "{{instance}}")],
            "Processes die before they have done anything: look at the log of that host.",
            unit="s",
        ),
    ],
)

SCHEDULER = Row(
    "Scheduler",
    [
        Panel(
            "Who leads",
            "state-timeline",
            [Query(f"max by (instance) ({of(metrics.LEADER)})", "{{instance}}")],
            "Exactly one. For a second or so at a change there may be none.",
            mappings=ON_OFF,
        ),
        Panel(
            "Lateness of ticks",
            "timeseries",
            quantiles(metrics.CRON_LATENESS, CLUSTER),
            "From a tick of a schedule to the submit of its job.",
            unit="s",
        ),
        Panel(
            "Silence towards the database",
            "timeseries",
            [Query(f"max by (instance) (time() - ({of(metrics.HEARTBEAT)} > 0))", "{{instance}}")],
            "Since the last heartbeat; after 20 s a host is given up and its jobs run elsewhere.",
            unit="s",
            thresholds=(10, 20),
        ),
    ],
)

DATABASE = Row(
    "Database",
    [
        Panel(
            "What holds back vacuum",
            "timeseries",
            [Query(f"max({of(metrics.HORIZON_SECONDS)})", "oldest transaction")],
            "While a transaction stays open, rows of finished jobs cannot be removed.",
            unit="s",
            thresholds=(300, 900),
        ),
        Panel(
            "Dead rows",
            "timeseries",
            [Query(f"max by (table) ({of(metrics.DEAD_ROWS)})", "{{table}}")],
            "Removed by autovacuum every few thousand; a steady rise comes with the panel beside.",
        ),
        Panel(
            "Days of history prepared",
            "timeseries",
            [Query(f"min(max by (cluster) ({of(metrics.DAYS_AHEAD)}))", "days ahead")],
            "Partitions are made a week ahead; below 0 finished jobs go to the default partition.",
            least=-1,
        ),
    ],
)
