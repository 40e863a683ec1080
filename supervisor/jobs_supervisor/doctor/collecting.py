"""Collects the facts from the database; changes nothing and takes no lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import Operation, load_sql, run
from jobs_runtime.executors.postgres import gauges, upkeep
from jobs_supervisor import queues
from jobs_supervisor.connections import connections
from jobs_supervisor.doctor import thresholds
from jobs_supervisor.doctor.facts import (
    Facts,
    Leader,
    Limited,
    Quarantined,
    ReplicationSlot,
    Supervisor,
    Table,
    Transaction,
)
from jobs_supervisor.scheduler.rescue import MAX_DEATHS

Row = TypeVar("Row")
Found = TypeVar("Found")

LOOK_AGAIN = 0.1
"""Seconds between two looks for a leader."""


def collect(connection: Connection, pg_boss_schema: str | None = None) -> Facts:
    """Look at everything once, also at the queues of a pg-boss.

    Raises:
        psycopg.Error: the database went away, or this role may not read our tables.
    """
    supervisors = _rows(connection, "supervisors", Supervisor)
    found = _unless_slow(lambda: _queues(connection, pg_boss_schema))
    return Facts(
        supervisors=supervisors,
        leader=_leader(connection, patience=thresholds.LEADERLESS if supervisors else 0.0),
        queues=found,
        limited=_unless_slow(lambda: _limited(connection, found or ())) or (),
        due_in=_unless_slow(lambda: _operation(connection, upkeep.next_due())),
        quarantined=_unless_slow(lambda: _quarantined(connection)),
        health=_operation(connection, gauges.cluster_health()),
        tables=_rows(connection, "tables", Table),
        invalid_indexes=[name for (name,) in _read(connection, "invalid_indexes")],
        open_transactions=_rows(connection, "holders", Transaction, seconds=thresholds.OPEN_FOR),
        idle_in_transaction=_rows(
            connection, "idle_in_transaction", Transaction, seconds=thresholds.IDLE_FOR
        ),
        connections=_operation(connection, connections()),
        replication=_rows(connection, "replication_slots", ReplicationSlot),
    )


def _leader(connection: Connection, patience: float) -> Leader | None:
    ends = time.monotonic() + patience
    while True:
        found = _rows(connection, "leader", Leader)
        if found or time.monotonic() >= ends:
            return found[0] if found else None
        time.sleep(LOOK_AGAIN)


def _queues(connection: Connection, pg_boss_schema: str | None) -> list[queues.QueueStatus]:
    with _bounded(connection):
        return queues.read(connection, pg_boss_schema)


def _limited(connection: Connection, found: Sequence[queues.QueueStatus]) -> list[Limited]:
    """Of the queues in which something waits for long."""
    late = [each.queue for each in found if each.waited > thresholds.LONG_WAIT]
    return _rows(connection, "limited", Limited, queues=late, limit=queues.MOST_COUNTED)


def _quarantined(connection: Connection) -> list[Quarantined]:
    seconds = thresholds.QUARANTINED_WITHIN
    return _rows(connection, "quarantined", Quarantined, seconds=seconds, deaths=MAX_DEATHS)


def _unless_slow(look: Callable[[], Found]) -> Found | None:
    try:
        return look()
    except psycopg.errors.QueryCanceled:
        return None


@contextmanager
def _bounded(connection: Connection) -> Generator[None]:
    """Have no statement of a block take long; behind a pooler the session is not ours to set."""
    milliseconds = round(thresholds.STATEMENT * 1000)
    with connection.transaction():
        bound = f"SET LOCAL statement_timeout = {milliseconds}; SET TRANSACTION READ ONLY"
        connection.execute(bound.encode(), prepare=False)
        yield


def _rows(
    connection: Connection, name: str, kind: Callable[..., Row], **parameters: object
) -> list[Row]:
    return [kind(*row) for row in _read(connection, name, **parameters)]


def _read(connection: Connection, name: str, **parameters: object) -> list[tuple[Any, ...]]:
    statement = load_sql(__package__ or "", name)
    return _operation(connection, Operation(statement, parameters, lambda rows: rows))


def _operation(connection: Connection, operation: Operation[Found]) -> Found:
    with _bounded(connection):
        return run(connection, operation)
