"""Every metric there is: its name, kind, help, labels. The only place where they are defined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DURATIONS = (
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0,
    300.0, 600.0,
)  # fmt: skip
"""Upper bounds of the buckets of durations, in seconds."""

SIZES = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 800.0)
"""Upper bounds of the buckets of batch sizes, in jobs; no claim is larger than the last."""

OUTCOMES = ("completed", "retry", "failed", "expired", "cancelled", "snoozed")
RESCUES = ("died", "expired", "cancelled", "released", "unknown")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family.

    Attributes:
        labels: label names; their values are known before the first fork (`job_name`: the
            declared jobs; `outcome`, `reason`: fixed), so that storage is bounded for ever.
            `job` and `instance` are not among them: Prometheus sets those itself.
        buckets: upper bounds, for a histogram.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


ATTEMPTS = Metric(
    "jobs_attempts_total", "counter", "Attempts that ended, by outcome.", ("job_name", "outcome")
)
DURATION = Metric(
    "jobs_duration_seconds", "histogram", "How long attempts took.", ("job_name",), DURATIONS
)
WAIT = Metric(
    "jobs_wait_seconds",
    "histogram",
    "From the moment a job could first be claimed until it was.",
    ("job_name",),
    DURATIONS,
)
CLAIM_DURATION = Metric(
    "jobs_claim_duration_seconds",
    "histogram",
    "One round trip that stores outcomes and claims.",
    (),
    DURATIONS,
)
CLAIM_SIZE = Metric("jobs_claim_batch_size", "histogram", "Jobs of one claim.", (), SIZES)
LOST = Metric(
    "jobs_lost_claims_total",
    "counter",
    "Outcomes refused because the job had been given to another worker.",
)
RELEASED = Metric("jobs_released_total", "counter", "Jobs given back unstarted by their worker.")
RECONNECTS = Metric("jobs_db_reconnects_total", "counter", "Connections lost and made again.")
RESCUED = Metric(
    "jobs_rescued_total", "counter", "Claims of dead workers that were settled.", ("reason",)
)
QUARANTINED = Metric(
    "jobs_quarantined_total", "counter", "Jobs failed for killing their workers.", ("job_name",)
)
CRON_FIRED = Metric(
    "jobs_cron_fired_total", "counter", "Ticks that submitted a job.", ("job_name",)
)
CRON_MISSED = Metric("jobs_cron_missed_total", "counter", "Ticks passed over.", ("job_name",))
CRON_LATENESS = Metric(
    "jobs_cron_lateness_seconds",
    "histogram",
    "From a tick to the submit of its job.",
    (),
    DURATIONS,
)
LEADER = Metric("jobs_leader", "gauge", "Whether this host's scheduler leads.")
LEADER_CHANGES = Metric(
    "jobs_leader_changes_total", "counter", "How often this host's scheduler began to lead."
)
HEARTBEAT = Metric(
    "jobs_heartbeat_timestamp_seconds",
    "gauge",
    "When the last heartbeat reached the database, in seconds since the epoch.",
)

STORED = (
    ATTEMPTS, DURATION, WAIT, CLAIM_DURATION, CLAIM_SIZE, LOST, RELEASED, RECONNECTS, RESCUED,
    QUARANTINED, CRON_FIRED, CRON_MISSED, CRON_LATENESS, LEADER, LEADER_CHANGES, HEARTBEAT,
)  # fmt: skip
"""Metrics kept in shared memory, one row a slot."""

WORKERS = Metric("jobs_workers", "gauge", "Worker slots, by state.", ("state",))
BUSY = Metric("jobs_worker_busy_seconds", "gauge", "Seconds into the current job.", ("slot",))
ENDINGS = Metric(
    "jobs_process_endings_total",
    "counter",
    "Processes that ended, by what they were and how they ended.",
    ("role", "reason"),
)
BACKOFF = Metric(
    "jobs_worker_backoff_seconds",
    "gauge",
    "Seconds until a slot is filled again after repeated early deaths.",
    ("slot",),
)
RESIDENT = Metric("jobs_worker_resident_bytes", "gauge", "Resident memory.", ("slot",))
BUILD = Metric("jobs_build_info", "gauge", "Always 1.", ("version", "python"))

DERIVED = (WORKERS, BUSY, ENDINGS, BACKOFF, RESIDENT, BUILD)
"""Metrics read off the slot map when they are scraped."""

DEPTH = Metric(
    "jobs_queue_depth",
    "gauge",
    "Jobs by state: ready (could be claimed), paused, delayed, active. Of more than 100,000 ready"
    " ones in a queue, or delayed ones in all, the first 100,000 are counted. Of jobs of a pg-boss,"
    " what Python performs.",
    ("queue", "job_name", "state"),
)
OLDEST = Metric(
    "jobs_queue_oldest_ready_seconds",
    "gauge",
    "How long the oldest job that could be claimed has waited since it could.",
    ("queue", "job_name"),
)
UNHANDLED = Metric(
    "jobs_queue_unhandled",
    "gauge",
    "Waiting jobs of a name that no living supervisor performs.",
    ("queue", "job_name"),
)
SUPERVISORS = Metric("jobs_cluster_supervisors", "gauge", "Supervisors that live.")
CAPACITY = Metric("jobs_cluster_workers", "gauge", "Workers of all supervisors that live.")
HORIZON_SECONDS = Metric(
    "jobs_db_horizon_age_seconds",
    "gauge",
    "Age of the oldest transaction, open or prepared, that holds back vacuum.",
)
HORIZON_TRANSACTIONS = Metric(
    "jobs_db_horizon_age_transactions",
    "gauge",
    "The same in transactions begun since, with replication slots and standbys.",
)
DEAD_ROWS = Metric("jobs_db_dead_rows", "gauge", "Rows that vacuum has to remove.", ("table",))
PARTITIONS = Metric("jobs_db_partitions", "gauge", "Daily partitions of the history.")
DAYS_AHEAD = Metric(
    "jobs_db_partition_days_ahead",
    "gauge",
    "Days after today for which the history has a partition; -1: not even today.",
)
VIEW_AGE = Metric(
    "jobs_cluster_view_age_seconds", "gauge", "How old the figures of the cluster are."
)

CLUSTER = (
    DEPTH, OLDEST, UNHANDLED, SUPERVISORS, CAPACITY, HORIZON_SECONDS, HORIZON_TRANSACTIONS,
    DEAD_ROWS, PARTITIONS, DAYS_AHEAD, VIEW_AGE,
)  # fmt: skip
"""Metrics read from the database, by the exporter of the leader's host alone."""
