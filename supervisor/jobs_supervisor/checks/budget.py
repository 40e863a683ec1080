"""Whether the server has connections enough for one more pool."""

from __future__ import annotations

from jobs_supervisor.connections import Connections
from jobs_supervisor.finding import Finding, Level

OTHERS = 3
"""Connections of a pool besides its workers': the scheduler's two, and the leader's exporter's."""


def judge(workers: int, room: Connections, *, direct: bool) -> Finding:
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
