"""A dead worker's claim that was still on its way when its other claims were settled."""

from __future__ import annotations

import math

from jobs_runtime.database import Connection
from jobs_supervisor.obituary import Obituary, Verdict
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.scheduler.rescue import Rescue

LOOKS = (0.2, 2.0)
"""Seconds after which the claims of a worker that was settled are looked for once more."""


class Strays(Duty):
    """Gives back what was claimed for a worker after it was settled.

    Its session goes on with what the worker had sent until the server notices that nobody listens.
    Others would find such a claim only once it is as old as a host that is given up for dead.
    """

    def __init__(self, rescue: Rescue) -> None:
        super().__init__()
        self._rescue = rescue
        self._looks: list[tuple[float, int]] = []

    def expect(self, incarnation: int, now: float) -> None:
        """A worker was settled just now."""
        self._looks += [(now + seconds, incarnation) for seconds in LOOKS]
        self.due_at = min(self.due_at, now + LOOKS[0])

    def perform(self, connection: Connection, now: float) -> float:
        """Look for what is due; none of it was begun."""
        for incarnation in {incarnation for due, incarnation in self._looks if due <= now}:
            self._rescue.settle(
                connection, Obituary(0, incarnation, 0, 0.0, Verdict.RELEASED, "claimed too late")
            )
        self._looks = [look for look in self._looks if look[0] > now]
        return min((due for due, _ in self._looks), default=math.inf)
