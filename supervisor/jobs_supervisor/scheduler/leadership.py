"""One leader among all schedulers, by an advisory lock on a connection of its own.

The lock is polled for, never waited for: a waiting statement would hold back vacuum for as long as
it waits. It is an optimisation, not a safeguard: two leaders would do no harm, because every tick
is a unique row and every statement skips what another holds.
"""

from __future__ import annotations

import logging
import random

import psycopg

from jobs_runtime.database import Connection, behind_pooler, connect
from jobs_runtime.errors import ConfigurationError
from jobs_supervisor import metrics
from jobs_supervisor.counters import Row

logger = logging.getLogger(__name__)

TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext('jobs-runtime'), hashtext('leader'))"
HOLDS_LOCK = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
      AND classid::bigint::bit(32) = hashtext('jobs-runtime')::bit(32)
      AND objid::bigint::bit(32) = hashtext('leader')::bit(32))
"""

TRY_EVERY = 1.0
"""Seconds between two tries for the lock, ± 20 %."""

CHECK_EVERY = 2.0
"""Seconds between two checks that the lock is still held."""


class Leadership:
    """Whether this scheduler leads.

    Args:
        dsn: must reach the server itself, not a pooler in transaction mode.
        row: where it says whether it leads.

    Attributes:
        leading: true only between a check that succeeded and the first that does not.
        due_at: when to look again.
    """

    def __init__(self, dsn: str, row: Row) -> None:
        self._dsn = dsn
        self._row = row
        self._row.set(metrics.LEADER, 0.0)  # a predecessor may have died leading
        self._connection: Connection | None = None
        self.leading = False
        self.due_at = 0.0

    def look(self, now: float) -> None:
        """Try for the lock, or check that it is still held."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            question = HOLDS_LOCK if self.leading else TRY_LOCK
            row = self._connection.execute(question).fetchone()
            self._become(leading=bool(row and row[0]))
        except psycopg.Error as error:
            logger.warning("leadership is unknown: %s", str(error).strip())
            self.resign()
        pause = CHECK_EVERY if self.leading else TRY_EVERY * random.uniform(0.8, 1.2)  # noqa: S311
        self.due_at = now + pause

    def resign(self) -> None:
        """Give the lock up, by closing the connection that holds it."""
        self._become(leading=False)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Connection:
        connection = connect(self._dsn, "jobs: leadership", timeout=2)
        if behind_pooler(connection):
            connection.close()
            raise ConfigurationError(
                "the scheduler is behind a pooler in transaction mode, which cannot hold its lock"
                " or listen; give it the server itself with --direct-dsn"
            )
        return connection

    def _become(self, *, leading: bool) -> None:
        if leading != self.leading:
            logger.info("this scheduler %s", "leads" if leading else "no longer leads")
            self._row.set(metrics.LEADER, float(leading))
            self._row.add(metrics.LEADER_CHANGES, amount=int(leading))
        self.leading = leading
