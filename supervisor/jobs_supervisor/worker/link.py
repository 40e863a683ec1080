"""A worker's one connection, which comes back by itself."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import Operation, load_sql, run, scalar
from jobs_runtime.executors.together import run_together

logger = logging.getLogger(__name__)

END_SESSION = load_sql(__package__ or "", "end_session")

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds between two tries to connect, doubling from the first to the last, with jitter."""

LAST_PAUSE = 0.5
"""The longest such pause, in seconds, of a process that is told to stop."""

COLLIDED = 0.01
"""Seconds until a job is given back again whose key another one took meanwhile."""

COLLISIONS = 100
"""How often that is tried: a key that stays taken is another fault, such as a sequence set back."""

LOOK = 0.1
"""Seconds between two looks whether it is."""

COMPLAIN_EVERY = 10.0
"""While the database is away, one line in so many seconds says so."""

ENDING = 2.0
"""Seconds that the server may take to end the session of a lost connection."""

LOST = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
"""Errors that mean the connection is of no more use; a read-only server is a demoted primary."""


class ConnectionLost(Exception):
    """The connection broke while operations ran: each may have been done or not."""


class Link:
    """Runs operations in one round trip each.

    Args:
        dsn: where to connect.
        title: the application name that the server sees.
        gave_up: asked while the database is away, with whether there is something to store; when
            it says True, waiting ends.

    Attributes:
        took: the seconds that the last operations took, without any wait for a connection.
        pooled: whether a pooler stands in between, so that a session that was lost may go on.
    """

    def __init__(self, dsn: str, title: str, gave_up: Callable[[bool], bool]) -> None:
        self._dsn = dsn
        self._title = title
        self._gave_up = gave_up
        self._connection: Connection | None = None
        self._session: int | None = None
        self.took = 0.0
        self.pooled = False

    def connect(self, *, holding: bool = False) -> bool:
        """Connect, however long it takes; gives False if `gave_up` ended the wait.

        Args:
            holding: whether there is something to store.
        """
        pause, complained_at = FIRST_PAUSE, float("-inf")
        while not self._gave_up(holding):
            try:
                self._connection = self._connect()
            except (psycopg.Error, ConnectionLost) as error:
                if time.monotonic() - complained_at >= COMPLAIN_EVERY:
                    logger.warning("the database is away: %s", str(error).strip())
                    complained_at = time.monotonic()
                self.rest(pause * random.uniform(0.5, 1.0), holding=holding)  # noqa: S311
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                return True
        return False

    def _connect(self) -> Connection:
        """Connect, and see that the session before has ended.

        It does not know that nobody listens, and might commit a claim after one of the session to
        come, so that nobody would look for what it took any more.
        """
        connection = connect(self._dsn, self._title)
        try:
            if self._session is not None and not run(connection, _end_session(self._session)):
                raise ConnectionLost(f"its session before, {self._session}, has not ended")
        except (psycopg.Error, ConnectionLost):
            connection.close()
            raise
        self.pooled = connection.prepare_threshold is None
        self._session = None if self.pooled else connection.info.backend_pid
        return connection

    def rest(self, seconds: float, *, holding: bool) -> None:
        """Sleep, for less time once the process is told to stop."""
        began = time.monotonic()
        while not self._gave_up(holding):
            longest = LAST_PAUSE if self._gave_up(False) else LONGEST_PAUSE
            left = began + min(seconds, longest) - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, LOOK))

    def connections(self, *, holding: bool) -> Iterator[float]:
        """Connect again and again; each time gives the seconds to wait if that one breaks too."""
        pause = FIRST_PAUSE
        while self.connect(holding=holding):
            yield pause
            pause = min(pause * 2, LONGEST_PAUSE)

    def run(self, operations: Sequence[Operation[Any]]) -> list[Any]:
        """Run operations together, in one transaction.

        Raises:
            ConnectionLost: connect again, find out what was done, and go on.
        """
        if self._connection is None or self._connection.closed:
            raise ConnectionLost("not connected")
        began = time.monotonic()
        try:
            return _run(self._connection, operations)
        except LOST as error:
            self._connection.close()
            raise ConnectionLost(str(error).strip()) from error
        finally:
            self.took = time.monotonic() - began

    def close(self) -> None:
        """Say goodbye to the server."""
        if self._connection is not None:
            self._connection.close()


def _end_session(pid: int) -> Operation[bool]:
    parameters = {"pid": pid, "milliseconds": int(1e3 * ENDING)}
    return Operation(END_SESSION, parameters, scalar)


def _run(connection: Connection, operations: Sequence[Operation[Any]]) -> list[Any]:
    for _ in range(COLLISIONS):
        try:
            return run_together(connection, operations)
        except psycopg.errors.UniqueViolation:
            # A job given back met a newer one with its singleton key: now the statement sees it.
            time.sleep(COLLIDED)
    return run_together(connection, operations)
