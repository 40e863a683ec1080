"""Whether the server has connections enough for one more pool."""

from __future__ import annotations

from typing import NamedTuple

from jobs_runtime.database import Connection
from jobs_supervisor.finding import Finding, Level

OTHERS = 3
"""Connections of a pool besides its workers': the scheduler's two, and the leader's exporter's."""

READ = """
SELECT current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0),
       (SELECT count(*) FROM pg_stat_activity
        WHERE backend_type = 'client backend' OR (backend_type IS NULL AND datid IS NOT NULL))
"""
"""Of other roles' sessions an ordinary role sees the database, but not what kind they are."""


class Room(NamedTuple):
    """Connections that the server takes from ordinary roles, and has."""

    limit: int
    taken: int


def read(connection: Connection) -> Room:
    """As the server has it at this moment."""
    row = connection.execute(READ).fetchone()
    assert row is not None, "a SELECT without FROM gives one row"
    return Room(*row)


def judge(workers: int, room: Room, *, direct: bool) -> Finding:
    """Warn if a pool of so many workers, each with a connection of its own, would not fit.

    Args:
        workers: of the pool.
        room: at the server.
        direct: whether workers reach it without a pooler, which would share its connections.
    """
    needed = (workers if direct else 0) + OTHERS
    free = room.limit - room.taken
    text = f"this pool takes {needed} connections"
    if direct:
        text += f", {needed + workers} if its jobs use context.connection"
    text += f"; {free} of {room.limit} are free"
    if needed <= free:
        return Finding(Level.OK, text)
    return Finding(
        Level.WARNING,
        text,
        "fewer --workers, more max_connections, or PgBouncer (docs/scaling.md, Connections)",
    )
