"""Collects the facts from the database; changes nothing and takes no lock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import Operation, load_sql, run
from jobs_runtime.executors.postgres import gauges, upkeep
from jobs_supervisor import queues
from jobs_supervisor.doctor import thresholds
from jobs_supervisor.doctor.facts import (
    Connections,
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

LOOK_AGAIN = 0.1
"""Seconds between two looks for a leader."""


def collect(connection: Connection) -> Facts:
    """Look at everything once.

    Raises:
        psycopg.Error: the database went away, or this role may not read our tables.
    """
    milliseconds = round(thresholds.STATEMENT * 1000)
    connection.execute(f"SET statement_timeout = {milliseconds}".encode(), prepare=False)
    supervisors = _rows(connection, "supervisors", Supervisor)
    (connections,) = _rows(connection, "connections", Connections)
    return Facts(
        supervisors=supervisors,
        leader=_leader(connection, patience=thresholds.LEADERLESS if supervisors else 0.0),
        queues=queues.read(connection),
        limited=_rows(connection, "limited", Limited, limit=queues.MOST_COUNTED),
        due_in=run(connection, upkeep.next_due()),
        quarantined=_quarantined(connection),
        health=run(connection, gauges.cluster_health()),
        tables=_rows(connection, "tables", Table),
        invalid_indexes=[name for (name,) in _read(connection, "invalid_indexes")],
        open_transactions=_rows(connection, "holders", Transaction, seconds=thresholds.OPEN_FOR),
        idle_in_transaction=_rows(
            connection, "idle_in_transaction", Transaction, seconds=thresholds.IDLE_FOR
        ),
        connections=connections,
        replication=_rows(connection, "replication_slots", ReplicationSlot),
    )


def _leader(connection: Connection, patience: float) -> Leader | None:
    ends = time.monotonic() + patience
    while True:
        found = _rows(connection, "leader", Leader)
        if found or time.monotonic() >= ends:
            return found[0] if found else None
        time.sleep(LOOK_AGAIN)


def _quarantined(connection: Connection) -> list[Quarantined] | None:
    seconds = thresholds.QUARANTINED_WITHIN
    try:
        return _rows(connection, "quarantined", Quarantined, seconds=seconds, deaths=MAX_DEATHS)
    except psycopg.errors.QueryCanceled:
        return None


def _rows(
    connection: Connection, name: str, kind: Callable[..., Row], **parameters: object
) -> list[Row]:
    return [kind(*row) for row in _read(connection, name, **parameters)]


def _read(connection: Connection, name: str, **parameters: object) -> list[tuple[Any, ...]]:
    statement = load_sql(__package__ or "", name)
    return run(connection, Operation(statement, parameters, lambda rows: rows))
