"""Who leads, as the database knows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from jobs_runtime.database import Connection

HOLDER = """
SELECT pid FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint::bit(32) = hashtext('jobs-runtime')::bit(32)
  AND objid::bigint::bit(32) = hashtext('leader')::bit(32)
"""


def holder(connection: Connection) -> int | None:
    """The server process that holds the leader's lock."""
    row = connection.execute(HOLDER).fetchone()
    return row[0] if row else None


class Change(NamedTuple):
    """Seconds from an act until the lock was free, and until another had it."""

    freed: float
    taken: float

    @property
    def gap(self) -> float:
        return self.taken - self.freed


def change(connection: Connection, act: Callable[[], object], within: float) -> Change:
    """Do something to the leader, and watch the lock until another has it.

    Raises:
        AssertionError: that took longer than `within` seconds.
    """
    first = holder(connection)
    assert first is not None
    act()
    began = time.monotonic()
    freed = None
    while time.monotonic() - began < within:
        now_held_by = holder(connection)
        passed = time.monotonic() - began
        if now_held_by != first:
            freed = passed if freed is None else freed
            if now_held_by is not None:
                return Change(freed, passed)
        time.sleep(0.001)
    raise AssertionError(f"nobody else led within {within} s")
