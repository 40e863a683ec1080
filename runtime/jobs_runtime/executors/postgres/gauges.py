"""The operations that look at the whole database, for metrics."""

from __future__ import annotations

from typing import NamedTuple

from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.postgres.statements import statement


class Depth(NamedTuple):
    """Jobs of one name in one queue and state.

    Attributes:
        state: `ready` (could be claimed now), `delayed` or `active`.
        waited: seconds that the oldest could have been claimed; 0 unless it is `ready`.
        handled: whether some living supervisor performs jobs of this name.
    """

    queue: str
    name: str
    state: str
    jobs: int
    waited: float
    handled: bool


class ClusterHealth(NamedTuple):
    """What the cluster as a whole is like.

    Attributes:
        horizon_seconds: since when the oldest transaction holds back vacuum.
        horizon_transactions: how many transactions ago the oldest holder of any kind began.
        days_ahead: days after today for which the history has a partition; -1 for not even today.
    """

    supervisors: int
    workers: int
    horizon_seconds: float
    horizon_transactions: int
    partitions: int
    days_ahead: int


def queue_depths(limit: int) -> Operation[list[Depth]]:
    """Count what waits and runs, up to `limit` ready jobs of each queue; the most first."""
    return Operation(
        statement("queue_depths"), {"limit": limit}, lambda rows: [Depth(*row) for row in rows]
    )


def cluster_health() -> Operation[ClusterHealth]:
    """Look at the supervisors, what holds back vacuum, and the history's partitions."""
    return Operation(statement("cluster_health"), {}, lambda rows: ClusterHealth(*rows[0]))


def dead_rows() -> Operation[dict[str, int]]:
    """Rows that vacuum has still to remove, by table."""
    return Operation(statement("dead_rows"), {}, lambda rows: {row[0]: row[1] for row in rows})
