"""Whether the server will notice that a client has vanished, and free what its session locked."""

from __future__ import annotations

from typing import NamedTuple

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import load_sql
from jobs_supervisor.finding import Finding, Level
from jobs_supervisor.scheduler.rescue import STALE_AFTER

# client_connection_check_interval is of no help: it looks only while a statement runs, and what a
# vanished leader has locked is locked by a session that is idle.
READ = load_sql(__package__ or "", "keepalives")


class Keepalives(NamedTuple):
    """What the server's end of a session goes by.

    Attributes:
        local: a Unix socket, whose ends cannot lose each other.
        idle: seconds of silence before the first probe; 0 if the system cannot be told.
        interval: seconds between two probes.
        probes: unanswered probes that end the session.
        user_timeout: seconds that data may stay unacknowledged; 0 for the system's.
    """

    local: bool
    idle: int
    interval: int
    probes: int
    user_timeout: float


def read(connection: Connection) -> Keepalives:
    """As this session has got them."""
    row = connection.execute(READ).fetchone()
    assert row is not None, "a SELECT without FROM gives one row"
    return Keepalives(*row)


def judge(keepalives: Keepalives) -> Finding:
    """Warn if a vanished client would be taken for alive for longer than others wait."""
    local, idle, interval, probes, user_timeout = keepalives
    if local:
        return Finding(Level.OK, "a Unix socket leads to the server: neither end can vanish")
    silence = idle + interval * probes
    if idle and silence <= STALE_AFTER and 0 < user_timeout <= STALE_AFTER:
        return Finding(Level.OK, f"the server notices within {silence} s if this host vanishes")
    if not idle:
        when = "when its system does, mostly after two hours,"
    elif silence > STALE_AFTER:
        when = f"after {silence:,} s"
    else:
        unanswered = f"{user_timeout:,.0f} s" if user_timeout else "about 15 minutes"
        when = f"{unanswered} after it sent something"
    return Finding(
        Level.WARNING,
        f"the server would notice only {when} if this host vanished: until then its locks stay",
        "tcp_keepalives_idle = 5, tcp_keepalives_interval = 2, tcp_keepalives_count = 3 and"
        " tcp_user_timeout = 10000 in postgresql.conf; the server's system may not support them",
    )
