"""How far this host's clock is from the database's."""

from __future__ import annotations

import time
from datetime import datetime
from typing import NamedTuple

from jobs_runtime.database import Connection
from jobs_supervisor.finding import Finding, Level
from jobs_supervisor.status import duration

MOST_SKEW = 1.0
"""Seconds that the clocks may differ."""

ROUNDS = 5
"""Measurements, of which that with the shortest round trip counts."""


class Skew(NamedTuple):
    """Seconds that this host's clock is ahead of the database's, give or take `doubt`."""

    ahead: float
    doubt: float


def measure(connection: Connection) -> Skew:
    """Ask the database for the time, as if it answered in the middle of the round trip."""
    return min((_measure_once(connection) for _ in range(ROUNDS)), key=lambda skew: skew.doubt)


def _measure_once(connection: Connection) -> Skew:
    asked = time.time()
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    answered = time.time()
    assert row is not None, "a SELECT without FROM gives one row"
    theirs: datetime = row[0]
    return Skew((asked + answered) / 2 - theirs.timestamp(), (answered - asked) / 2)


def judge(skew: Skew) -> Finding:
    """Warn of a difference that is more than the measurement's doubt and a second."""
    seconds = abs(skew.ahead)
    if seconds - skew.doubt <= MOST_SKEW:
        return Finding(Level.OK, f"this host's clock and the database's agree to {seconds:.3f} s")
    which = "ahead of" if skew.ahead > 0 else "behind"
    return Finding(
        Level.WARNING,
        f"this host's clock is {duration(seconds)} {which} the database's: schedules and delays go"
        " by the database's, logs and heartbeat metrics by this host's",
        "have a time service (chrony, systemd-timesyncd) set both",
    )
