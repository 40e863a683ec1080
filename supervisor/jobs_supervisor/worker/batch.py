"""The jobs of one claim: which wait, which is being performed, which have an outcome."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

from jobs_runtime.model import Claim, Outcome


class Batch:
    """Shared by a worker's main thread, which performs, and its guard, which may step in.

    Attributes:
        queue: where the jobs were claimed from.
        began: when the first was begun, in seconds of the monotonic clock.
        performed: how many jobs have ended.
    """

    def __init__(self, queue: str, claims: Sequence[Claim]) -> None:
        self.queue = queue
        self.began = time.monotonic()
        self.performed = 0
        self._waiting = deque(claims)
        self._outcomes: list[Outcome] = []
        self._current: Claim | None = None
        self._lock = threading.Lock()

    def next(self) -> Claim | None:
        """Begin the next job; None if none is left."""
        with self._lock:
            self._current = self._waiting.popleft() if self._waiting else None
            return self._current

    def ended(self, outcome: Outcome) -> None:
        """Record the outcome of the job begun last."""
        with self._lock:
            if not outcome.stored:
                self._outcomes.append(outcome)
            self._current = None
            self.performed += 1

    @property
    def has_outcomes(self) -> bool:
        """Whether an outcome is waiting to be stored."""
        return bool(self._outcomes)

    def take_outcomes(self) -> list[Outcome]:
        """The outcomes not taken yet; whoever takes them stores them."""
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
            return outcomes

    def take_waiting(self) -> list[int]:
        """The jobs not begun; whoever takes them gives them back."""
        with self._lock:
            ids = [claim.job_id for claim in self._waiting]
            self._waiting.clear()
            return ids

    def held(self) -> list[int]:
        """The jobs that are neither stored nor given back."""
        with self._lock:
            ids = [claim.job_id for claim in self._waiting]
            ids += [outcome.job_id for outcome in self._outcomes]
            if self._current is not None:
                ids.append(self._current.job_id)
            return ids
