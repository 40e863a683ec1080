"""The daily partitions of the history, made ahead of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
from psycopg import sql

from jobs_runtime.database import Connection

DAYS_AHEAD = 7
"""How many days of partitions exist in advance; rows of a day without one go to the default."""

BRIEFLY = "SET LOCAL lock_timeout = '50ms'; SET LOCAL synchronous_commit = off"
"""Making a partition or taking one off locks the history: rather later than that a worker waits, be
it for a reader of the history or for the disk."""


def create_partitions(connection: Connection, today: date | None = None) -> list[str]:
    """Create the missing partitions from today to `DAYS_AHEAD` days on; gives their names.

    A partition whose rows already went to the default one is left out: the default keeps them.
    """
    existing = attached(connection)
    first = today or datetime.now(UTC).date()
    created: list[str] = []
    for day in (first + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)):
        name = f"finished_{day:%Y%m%d}"
        if name not in existing and _create(connection, name, day):
            created.append(name)
    return created


def _create(connection: Connection, name: str, day: date) -> bool:
    try:
        with connection.transaction():
            connection.execute(BRIEFLY, prepare=False)
            add_partition(connection, name, day)
    except (
        psycopg.errors.CheckViolation,
        psycopg.errors.DuplicateTable,
        psycopg.errors.LockNotAvailable,
    ):
        return False
    return True


def add_partition(connection: Connection, name: str, day: date) -> None:
    """Make the partition of a day, as part of a transaction.

    Raises:
        psycopg.errors.CheckViolation: rows of that day are in the default one.
    """
    statement = sql.SQL(
        "CREATE TABLE {name} PARTITION OF jobs.finished FOR VALUES FROM ({first}) TO ({end})"
    ).format(
        name=sql.Identifier("jobs", name),
        first=sql.Literal(f"{day} 00:00:00+00"),
        end=sql.Literal(f"{day + timedelta(days=1)} 00:00:00+00"),
    )
    connection.execute(statement)


def attached(connection: Connection) -> set[str]:
    """The names of all partitions."""
    rows = connection.execute(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = 'jobs.finished'::regclass"
    )
    return {row[0] for row in rows}


def day_of(name: str) -> date | None:
    """The day of a partition; None for one that is not a day's."""
    try:
        return datetime.strptime(name, "finished_%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
