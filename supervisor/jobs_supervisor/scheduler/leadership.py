"""One leader among all schedulers, by an advisory lock on a connection of its own.

What only the leader does goes over the connection that holds the lock: who has lost the lock has no
way left to act. The server ends that connection when the leader falls silent, whether its process
is stopped or its host cut off; then another takes over.

The lock is polled for, never waited for: a waiting statement would hold back vacuum for as long as
it waits. A leader that ends in the ordinary way tells the others.
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
HAND_OVER = """
SELECT pg_advisory_unlock(hashtext('jobs-runtime'), hashtext('leader')),
       pg_notify('jobs', 'leaderless')
"""

TRY_EVERY = 1.0, 1.2
"""Seconds between two tries for the lock, at least and at most."""

CHECK_EVERY = 2.0
"""Seconds between two checks that the lock is still held."""

GIVES_UP_AFTER = 5_000
"""Milliseconds after which a leader whom the server does not answer gives its connection up."""

END_THE_SILENT = "SET idle_session_timeout = '8s'"
"""The server ends a silent leader's connection, and with it the lock, later than the leader itself
gives it up."""

WAIT_FOR_LOCKS = "SET lock_timeout = '2s'"
"""A leader that waits for somebody's lock would keep the lead though it does nothing."""

STATEMENT_TIMEOUT = "SET statement_timeout = '5s'"
"""Nothing that a scheduler does may keep its heartbeat waiting for so long that others take it for
dead."""


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

    @property
    def connection(self) -> Connection | None:
        """What the leader acts on; None for who does not lead."""
        return self._connection if self.leading else None

    def look(self, now: float) -> None:
        """Try for the lock, or check that it is still held."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            question = HOLDS_LOCK if self.leading else TRY_LOCK
            row = self._connection.execute(question).fetchone()
            self._become(leading=bool(row and row[0]))
        except psycopg.Error as error:
            self.lose(error)
        self.due_at = now + (CHECK_EVERY if self.leading else random.uniform(*TRY_EVERY))  # noqa: S311

    def lose(self, error: psycopg.Error) -> None:
        """Stop leading: the connection that holds the lock has failed."""
        logger.warning("leadership is unknown: %s", str(error).strip())
        self.close()

    def resign(self) -> None:
        """Hand the lock over to whoever takes it first."""
        if self.leading and self._connection is not None:
            try:
                self._connection.execute(HAND_OVER)
            except psycopg.Error as error:
                self.lose(error)
        self.close()

    def close(self) -> None:
        """Stop leading, without a word to a server that may not answer."""
        self._become(leading=False)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Connection:
        connection = connect(
            self._dsn, "jobs: leadership", timeout=2, tcp_user_timeout=GIVES_UP_AFTER
        )
        if behind_pooler(connection):
            connection.close()
            raise ConfigurationError(
                "the scheduler is behind a pooler in transaction mode, which cannot hold its lock"
                " or listen; give it the server itself with --direct-dsn"
            )
        connection.execute(END_THE_SILENT, prepare=False)
        connection.execute(WAIT_FOR_LOCKS, prepare=False)
        connection.execute(STATEMENT_TIMEOUT, prepare=False)
        return connection

    def _become(self, *, leading: bool) -> None:
        if leading != self.leading:
            logger.info("this scheduler %s", "leads" if leading else "no longer leads")
            self._row.set(metrics.LEADER, float(leading))
            self._row.add(metrics.LEADER_CHANGES, amount=int(leading))
        self.leading = leading
