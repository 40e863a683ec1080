"""One leader among all schedulers, by an advisory lock on a connection of its own.

What only the leader does goes over the connection that holds the lock: who has lost the lock has no
way left to act. The tables of a pg-boss have a lock of their own, for not every application knows
of them. The server ends that connection when the leader falls silent, whether its process is
stopped or its host cut off; then another takes over.

The lock is polled for, never waited for: a waiting statement would hold back vacuum for as long as
it waits. A leader that ends in the ordinary way tells the others.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence

import psycopg

from jobs_runtime.database import Connection, behind_pooler, connect
from jobs_runtime.errors import ConfigurationError
from jobs_runtime.executors.operation import Operation, load_sql, nothing, run, scalar
from jobs_supervisor import metrics
from jobs_supervisor.counters import Row

logger = logging.getLogger(__name__)

TRY_LOCK, HOLDS_LOCK, HAND_OVER = (
    load_sql(__package__ or "", name) for name in ("try_lock", "holds_lock", "hand_over")
)

MAIN = "leader"
"""The lock of our own tables' leader."""

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
    """What this scheduler leads.

    Args:
        dsn: must reach the server itself, not a pooler in transaction mode.
        row: where it says whether it leads.
        locks: what it may lead: our own tables, and others.

    Attributes:
        led: what it leads, from a check that succeeded until the first that does not.
        due_at: when to look again.
    """

    def __init__(self, dsn: str, row: Row, locks: Sequence[str] = (MAIN,)) -> None:
        self._dsn = dsn
        self._row = row
        self._row.set(metrics.LEADER, 0.0)  # a predecessor may have died leading
        self._locks = locks
        self._connection: Connection | None = None
        self.led = frozenset[str]()
        self.due_at = 0.0

    @property
    def connection(self) -> Connection | None:
        """What the leader acts on; None for who leads nothing."""
        return self._connection if self.led else None

    def look(self, now: float) -> None:
        """Try for each lock, or check that it is still held."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            for what in self._locks:
                question = HOLDS_LOCK if what in self.led else TRY_LOCK
                held = run(self._connection, Operation(question, {"what": what}, scalar))
                self._become(what, leading=held)
        except psycopg.Error as error:
            self.lose(error)
        leads_all = len(self.led) == len(self._locks)
        self.due_at = now + (CHECK_EVERY if leads_all else random.uniform(*TRY_EVERY))  # noqa: S311

    def lose(self, error: psycopg.Error) -> None:
        """Stop leading: the connection that holds the locks has failed."""
        logger.warning("leadership is unknown: %s", str(error).strip())
        self.close()

    def resign(self) -> None:
        """Hand the locks over to whoever takes them first."""
        try:
            for what in self.led:
                if self._connection is not None:
                    run(self._connection, Operation(HAND_OVER, {"what": what}, nothing))
        except psycopg.Error as error:
            self.lose(error)
        self.close()

    def close(self) -> None:
        """Stop leading, without a word to a server that may not answer."""
        for what in self.led:
            self._become(what, leading=False)
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
        settings = f"{END_THE_SILENT};{WAIT_FOR_LOCKS};{STATEMENT_TIMEOUT}"
        connection.execute(settings.encode(), prepare=False)
        return connection

    def _become(self, what: str, *, leading: bool) -> None:
        if leading == (what in self.led):
            return
        self.led = self.led | {what} if leading else self.led - {what}
        if what == MAIN:
            logger.info("this scheduler %s", "leads" if leading else "no longer leads")
            self._row.set(metrics.LEADER, float(leading))
            self._row.add(metrics.LEADER_CHANGES, amount=int(leading))
        else:
            verb = "looks" if leading else "no longer looks"
            logger.info("this scheduler %s after %s", verb, what)
