"""A duty: something a scheduler does again and again."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.errors import SchemaError

logger = logging.getLogger(__name__)

AFTER_FAILURE = 5.0
"""Seconds until a duty that failed is tried again."""


def is_lost(connection: Connection, error: Exception) -> bool:
    """Whether the connection is of no more use: closed, or to a server that was demoted."""
    return connection.closed or isinstance(error, psycopg.errors.ReadOnlySqlTransaction)


class Duty(ABC):
    """Done when its time has come; it says itself when that is next.

    Attributes:
        due_at: when to be done next, in seconds of the monotonic clock; 0 for at once.
    """

    def __init__(self) -> None:
        self.due_at = 0.0

    @abstractmethod
    def perform(self, connection: Connection, now: float) -> float:
        """Do it; gives when to do it again."""


class Duties:
    """Several that go over one connection; the failure of one keeps none of the others waiting."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._duties = duties

    @property
    def next_at(self) -> float:
        """When the next is due."""
        return min(duty.due_at for duty in self._duties)

    def begin(self) -> None:
        """Have all of them done at once."""
        for duty in self._duties:
            duty.due_at = 0.0

    def perform(self, connection: Connection, now: float) -> None:
        """Do what is due.

        Raises:
            psycopg.Error: the connection is of no more use.
        """
        for duty in self._duties:
            if now >= duty.due_at:
                self._try(duty, connection, now)

    def _try(self, duty: Duty, connection: Connection, now: float) -> None:
        try:
            duty.due_at = duty.perform(connection, now)
        except (psycopg.Error, SchemaError) as error:
            if is_lost(connection, error):
                raise
            logger.error("%s failed: %s", type(duty).__name__, str(error).strip())
            duty.due_at = now + AFTER_FAILURE
