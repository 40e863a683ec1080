"""What the doctor goes by: plain data, all durations in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jobs_runtime.executors.postgres.gauges import ClusterHealth
from jobs_supervisor.connections import Connections
from jobs_supervisor.queues import QueueStatus


class Supervisor(NamedTuple):
    """A supervisor that the database knows; `silent` since its last heartbeat."""

    id: str
    host: str
    workers: int
    silent: float


class Leader(NamedTuple):
    """The session that holds the leader's lock; None for what this role may not see."""

    pid: int
    application_name: str
    address: str | None
    connected: float | None


class Limited(NamedTuple):
    """Jobs of a queue that count under the same limit."""

    queue: str
    key: str
    ready: int
    running: int


class Transaction(NamedTuple):
    """One that is open, with its session, or prepared, with its `gid`."""

    pid: int | None
    user: str
    application_name: str
    gid: str | None
    seconds: float


class Table(NamedTuple):
    """One of our tables.

    Attributes:
        since_vacuum: since it was vacuumed last, or the schema was migrated.
        autovacuum: whether that sees to it.
    """

    name: str
    dead: int
    live: int
    since_vacuum: float
    autovacuum: bool


class ReplicationSlot(NamedTuple):
    """A place kept for a reader of the log.

    Attributes:
        active: whether somebody reads it now.
        transactions: how many have begun since the oldest that its standby may still look at.
        kept: bytes of the log that are kept for it.
    """

    name: str
    active: bool
    transactions: int
    kept: int


class Quarantined(NamedTuple):
    """Jobs of one name that were failed for killing their workers."""

    job: str
    jobs: int
    latest: int


@dataclass(frozen=True, slots=True)
class Facts:
    """One look at the database.

    Attributes:
        leader: None if there was none for longer than a change takes.
        queues: None if that took too long to find out.
        limited: jobs under limits, of the queues in which some wait for long.
        due_in: until the next delayed job is due; negative if it should have been made ready.
        quarantined: within a day; None if that took too long to find out.
    """

    supervisors: Sequence[Supervisor]
    leader: Leader | None
    queues: Sequence[QueueStatus] | None
    limited: Sequence[Limited]
    due_in: float | None
    quarantined: Sequence[Quarantined] | None
    health: ClusterHealth
    tables: Sequence[Table]
    invalid_indexes: Sequence[str]
    open_transactions: Sequence[Transaction]
    idle_in_transaction: Sequence[Transaction]
    connections: Connections
    replication: Sequence[ReplicationSlot]
