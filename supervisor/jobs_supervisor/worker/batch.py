"""The jobs of one claim: which wait, which were begun, which have ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from jobs_runtime.model import Claim, Outcome

Ended = tuple[Claim, Outcome]
"""An attempt that ended, and how."""


class Batch:
    """Shared by a worker's main thread, which performs, and its guard, which may step in.

    The main thread begins jobs and adds what ended; whoever holds the worker's link may take. Each
    does so in single operations on a deque or a list, so that no job needs a lock.

    Attributes:
        queue: where the jobs were claimed from.
        began: when the first was begun, in seconds of the monotonic clock.
        performed: how many jobs have ended.
    """

    def __init__(self, queue: str, claims: Sequence[Claim]) -> None:
        self.queue = queue
        self.began = time.monotonic()
        self.performed = 0
        self._claims = claims
        self._waiting = deque(claims)
        self._ended: list[Ended] = []
        self._taken = self._given_back = 0

    def next(self) -> Claim | None:
        """Begin the next job; None if none is left."""
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def ended(self, claim: Claim, outcome: Outcome) -> None:
        """Record the outcome of the job begun last."""
        self._ended.append((claim, outcome))
        self.performed += 1

    @property
    def has_ended(self) -> bool:
        """Whether an attempt has ended that was not taken yet."""
        return bool(self._ended)

    def take_ended(self) -> list[Ended]:
        """The attempts that ended and were not taken yet; whoever takes them sees to them."""
        taken = self._ended[:]
        del self._ended[: len(taken)]
        self._taken += len(taken)
        return taken

    def take_waiting(self) -> list[int]:
        """The jobs not begun; whoever takes them gives them back."""
        ids: list[int] = []
        while (claim := self.next()) is not None:
            ids.append(claim.job_id)
        self._given_back += len(ids)
        return ids

    def held(self) -> list[int]:
        """The jobs that were not taken: they are begun in their order, the rest is given back."""
        last = len(self._claims) - self._given_back
        return [claim.job_id for claim in self._claims[self._taken : last]]
