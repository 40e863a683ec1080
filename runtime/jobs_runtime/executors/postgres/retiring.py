"""Takes days that ended long ago out of the history, but for the jobs that are to be kept longer.

A lock on the history holds up every worker that finishes a job. So a day's partition is first taken
off, which is a matter of names alone; what is to be kept of it moves to a partition of its own
afterwards, a handful at a time, and is not found meanwhile. Then the rest is dropped.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import LiteralString

import psycopg
from psycopg import sql

from jobs_runtime.database import Connection
from jobs_runtime.executors.postgres.partitions import (
    BRIEFLY,
    add_partition,
    attached,
    day_of,
)

RETIRED, KEPT = "retired_", "finished_kept_"

HAS_KEPT = "SELECT EXISTS (SELECT FROM {} WHERE keep_until > now())"
IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM {})"
DETACH = "ALTER TABLE jobs.finished DETACH PARTITION {}"
RENAME = "ALTER TABLE {} RENAME TO {}"
DROP = "DROP TABLE {}"

MOVE = """
WITH moved AS (
    DELETE FROM {table}
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE keep_until > now() LIMIT {limit}))
    RETURNING *
), kept AS (
    INSERT INTO jobs.finished SELECT * FROM moved RETURNING id
)
SELECT count(*) FROM kept
"""

ALL_RETIRED = r"""
SELECT relname FROM pg_class
WHERE relnamespace = 'jobs'::regnamespace AND relkind = 'r' AND relname LIKE 'retired\_%'
ORDER BY relname
"""


def overdue_partitions(connection: Connection, days: int, today: date | None = None) -> list[str]:
    """Those of days that ended more than `days` days ago, and what is empty of their kept jobs."""
    last_kept = (today or datetime.now(UTC).date()) - timedelta(days=days)
    return [
        name
        for name in sorted(attached(connection))
        if ((day := day_of(name)) is not None and day < last_kept)
        or (name.startswith(KEPT) and _is(connection, IS_EMPTY, name))
    ]


def retire_partitions(connection: Connection, days: int, today: date | None = None) -> list[str]:
    """Take off the partitions of days that ended more than `days` days ago; gives their names.

    One whose lock cannot be had at once is left for the next time.
    """
    overdue = overdue_partitions(connection, days, today)
    return [name for name in overdue if _retire(connection, name, day_of(name))]


def clear_retired(connection: Connection, limit: int) -> bool:
    """Move up to `limit` jobs that are to be kept longer, or drop a retired partition.

    Gives whether there is more to do.
    """
    rows = connection.execute(ALL_RETIRED).fetchall()
    if not rows:
        return False
    table = sql.Identifier("jobs", rows[0][0])
    move = sql.SQL(MOVE).format(table=table, limit=sql.Literal(limit))
    if connection.execute(move).fetchone() == (0,):
        connection.execute(sql.SQL(DROP).format(table))
    return True


def _retire(connection: Connection, name: str, day: date | None = None) -> bool:
    keeps = day is not None and _is(connection, HAS_KEPT, name)
    try:
        _take_off(connection, name, day if keeps else None)
    except psycopg.errors.LockNotAvailable:
        return False
    except psycopg.errors.CheckViolation:  # the default partition has jobs of that day already
        return _retire(connection, name)
    return True


def _take_off(connection: Connection, name: str, kept_day: date | None) -> None:
    table, retired = sql.Identifier("jobs", name), sql.Identifier(RETIRED + name)
    with connection.transaction():
        connection.execute(BRIEFLY, prepare=False)
        connection.execute(sql.SQL(DETACH).format(table))
        connection.execute(sql.SQL(RENAME).format(table, retired))
        if kept_day is not None:
            add_partition(connection, f"{KEPT}{kept_day:%Y%m%d}", kept_day)


def _is(connection: Connection, question: LiteralString, name: str) -> bool:
    query = sql.SQL(question).format(sql.Identifier("jobs", name))
    return connection.execute(query).fetchone() == (True,)
