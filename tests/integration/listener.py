"""What idle supervisors are notified of."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from jobs_runtime.database import Connection, connect
from tests.integration.shop import register

PATIENCE = 20.0
"""Seconds; a notification comes at once, on a machine that does nothing else."""


class Listener:
    """Hears what a waiting supervisor hears.

    Args:
        connection: which listens; in the database.
        marker: another one, to say how far it was heard.
    """

    def __init__(self, connection: Connection, marker: Connection) -> None:
        self._connection = connection
        self._marker = marker

    def heard(self) -> list[str]:
        """All that was notified since it was asked last: everything before a mark made now."""
        self._marker.execute("NOTIFY jobs, 'mark'")
        payloads: list[str] = []
        for notification in self._connection.notifies(timeout=PATIENCE):
            if notification.payload == "mark":
                return payloads
            payloads.append(notification.payload)
        raise AssertionError(f"the mark did not come within {PATIENCE:g} s")


@contextmanager
def listening(dsn: str, marker: Connection) -> Generator[Listener]:
    """A listener beside a supervisor whose workers wait."""
    register(marker, "here")
    with connect(dsn, "listener") as connection:
        connection.execute("LISTEN jobs")
        yield Listener(connection, marker)
