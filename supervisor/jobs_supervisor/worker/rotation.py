"""Which queue to claim from next, and from where: pure.

A claim goes on from the position of the last job taken in its queue instead of from the start, so
that it does not walk again over the dead versions of all the rows taken before. What arrives behind
that position (a retry, a higher priority) is found by looking from the start again: before the
worker goes idle, on a wake-up, and whenever that is cheap against the time since the last look.
For the same reason a queue is not asked whether it has work while that is known of it.

A slow look from the start sees the queue as it was when it began: others may have taken all of that
meanwhile, and more has come. What it did not find is no proof: the worker goes on where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from jobs_runtime.executors.protocol import START, Position, ReadyQueue
from jobs_runtime.model import Claim

FULL_LOOK_SHARE = 20.0
"""A look from the start is due once this many times what it costs has passed since the last."""

SLOW_LOOK = 0.05
"""Seconds that a look from the start may cost and still prove that a queue has run dry."""


@dataclass(slots=True)
class _Scan:
    """How far a queue was taken, and what it costs to look at it from the start.

    Attributes:
        doubted: whether the last look found too little, but took too long to prove anything.
    """

    after: Position = START
    looked_at: float = float("-inf")
    look_cost: float = 0.0
    usual_cost: float = 0.0
    doubted: bool = False

    @property
    def slow(self) -> bool:
        """Whether it takes so long to look from the start that the queue is another by then."""
        return self.look_cost > SLOW_LOOK


class Rotation:
    """The queues known to have work, taken in turn."""

    def __init__(self) -> None:
        self._turns: deque[str] = deque()
        self._scans: dict[str, _Scan] = {}
        self._refreshed_at = float("-inf")
        self._refresh_cost = 0.0

    def next(self, now: float, share: float = 1.0) -> tuple[str, Position] | None:
        """The queue whose turn it is, and the position to claim after; None if all ran dry.

        Args:
            now: in seconds of the monotonic clock.
            share: how much of the pool is not in a long job; those look as often as all would.
        """
        if not self._turns:
            return None
        queue = self._turns[0]
        scan = self._scans.setdefault(queue, _Scan())
        due = now - scan.looked_at >= FULL_LOOK_SHARE * scan.look_cost * share
        return queue, START if due else scan.after

    def took(
        self,
        queue: str,
        after: Position,
        claims: Sequence[Claim],
        asked: int,
        now: float,
        cost: float,
    ) -> None:
        """Take in what a claim gave: where it ended, and whether the queue has run dry."""
        scan = self._scans.setdefault(queue, _Scan())
        short, doubted = len(claims) < asked, False
        if after == START:
            # That it takes no longer than going on may be chance: half of it counts at least.
            scan.looked_at, scan.look_cost = now, max(cost / 2, cost - scan.usual_cost)
            known = scan.after != START and not scan.doubted
            doubted = short and known and scan.slow
            dry = short and not doubted
        else:
            scan.usual_cost = cost
            dry = scan.doubted and not claims
        scan.doubted = doubted
        if claims:
            last = Position(claims[-1].rank, claims[-1].job_id)
            scan.after = max(last, scan.after) if short else last
        elif after != START:
            scan.looked_at = float("-inf")
        if self._turns and self._turns[0] == queue:
            self._turns.popleft()
        if not dry and queue not in self._turns:
            self._turns.append(queue)

    def unknown(self, queues: Sequence[str], now: float, *, besides: str) -> list[str]:
        """Which of the queues to ask for work, when that is due: those without a turn.

        Args:
            queues: all of them.
            now: in seconds of the monotonic clock.
            besides: what is claimed from at the same time, which tells as much.
        """
        if self._turns and now - self._refreshed_at < FULL_LOOK_SHARE * self._refresh_cost:
            return []
        known = {*self._turns, besides}
        return [queue for queue in queues if queue not in known]

    def refresh(self, ready: Sequence[ReadyQueue], now: float, cost: float) -> None:
        """Take in which queues have work; those with the most urgent first job come first."""
        self._refreshed_at, self._refresh_cost = now, cost
        known = set(self._turns)
        fresh = sorted(
            (each for each in ready if each.queue not in known), key=lambda each: each.rank
        )
        self._turns.extend(each.queue for each in fresh)

    def rest(self) -> float:
        """Seconds for which a worker that waits need not look by itself.

        Looks beside millions of dead rows are slow: nobody is to spend all the time on them.
        """
        looks = [scan.look_cost for scan in self._scans.values()]
        return FULL_LOOK_SHARE * max([self._refresh_cost, *looks])

    def rested(self, now: float) -> None:
        """After a wait: look from the start next time, but go on first where that is quicker.

        Args:
            now: in seconds of the monotonic clock.
        """
        self._scans = {queue: scan for queue, scan in self._scans.items() if scan.slow}
        for queue, scan in self._scans.items():
            scan.looked_at = now
            if queue not in self._turns:
                self._turns.append(queue)
