"""The daily partitions of the history, made ahead of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
from psycopg import sql

from jobs_runtime.database import Connection

DAYS_AHEAD = 7
"""How many days of partitions exist in advance; rows of a day without one go to the default."""


LOCK_TIMEOUT = "SET LOCAL lock_timeout = '50ms'"
"""Making or dropping a partition locks the history; rather later than that a finish waits long."""


DETACH = "ALTER TABLE jobs.finished DETACH PARTITION {}"
KEEP_LONGER = "INSERT INTO jobs.finished SELECT * FROM {} WHERE keep_until > now()"
"""What is to be kept longer than its partition goes to the default one."""


def create_partitions(connection: Connection, today: date | None = None) -> list[str]:
    """Create the missing partitions from today to `DAYS_AHEAD` days on; gives their names.

    A partition whose rows already went to the default one is left out: the default keeps them.
    """
    existing = _existing(connection)
    first = today or datetime.now(UTC).date()
    created: list[str] = []
    for day in (first + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)):
        name = f"finished_{day:%Y%m%d}"
        if name not in existing and _create(connection, name, day):
            created.append(name)
    return created


def _create(connection: Connection, name: str, day: date) -> bool:
    statement = sql.SQL(
        "CREATE TABLE {name} PARTITION OF jobs.finished FOR VALUES FROM ({first}) TO ({end})"
    ).format(
        name=sql.Identifier("jobs", name),
        first=sql.Literal(f"{day} 00:00:00+00"),
        end=sql.Literal(f"{day + timedelta(days=1)} 00:00:00+00"),
    )
    try:
        with connection.transaction():
            connection.execute(LOCK_TIMEOUT)
            connection.execute(statement)
    except (
        psycopg.errors.CheckViolation,
        psycopg.errors.DuplicateTable,
        psycopg.errors.LockNotAvailable,
    ):
        return False
    return True


def drop_partitions(connection: Connection, days: int, today: date | None = None) -> list[str]:
    """Drop the partitions of days that ended more than `days` days ago; gives their names.

    One whose lock cannot be had at once is left for the next time.
    """
    last_kept = (today or datetime.now(UTC).date()) - timedelta(days=days)
    dropped: list[str] = []
    for name in sorted(_existing(connection)):
        day = _day_of(name)
        if day is not None and day < last_kept and _drop(connection, name):
            dropped.append(name)
    return dropped


def _drop(connection: Connection, name: str) -> bool:
    try:
        with connection.transaction():
            connection.execute(LOCK_TIMEOUT)
            table = sql.Identifier("jobs", name)
            connection.execute(sql.SQL(DETACH).format(table))
            connection.execute(sql.SQL(KEEP_LONGER).format(table))
            connection.execute(sql.SQL("DROP TABLE {}").format(table))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _existing(connection: Connection) -> set[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = 'jobs.finished'::regclass"
    )
    return {row[0] for row in rows}


def _day_of(name: str) -> date | None:
    try:
        return datetime.strptime(name, "finished_%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
