"""A duty: something a scheduler does again and again."""

from __future__ import annotations

from abc import ABC, abstractmethod

from jobs_runtime.database import Connection


class Duty(ABC):
    """Done when its time has come; it says itself when that is next.

    Attributes:
        due_at: when to be done next, in seconds of the monotonic clock; 0 for at once.
        leader_only: whether only the leader of all schedulers does it.
    """

    leader_only = False

    def __init__(self) -> None:
        self.due_at = 0.0

    @abstractmethod
    def perform(self, connection: Connection, now: float) -> float:
        """Do it; gives when to do it again."""
