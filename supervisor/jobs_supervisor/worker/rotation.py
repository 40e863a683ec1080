"""Which queue to claim from next, and from where: pure.

A claim goes on from the position of the last job taken in its queue instead of from the start, so
that it does not walk again over the dead versions of all the rows taken before. What arrives behind
that position (a retry, a higher priority) is found by looking from the start again: whenever that
is cheap against the time since the last look, on a wake-up, and before the worker waits, unless it
is dear.
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

DEAR_LOOK = 0.25
"""Seconds of cost above which a worker does without one before it waits, unless it is due."""

WOKEN = 0.2
"""The share of that time after which such a look is due for one that was woken, and found nothing
ahead: what woke it may be behind, or others were quicker."""


@dataclass(slots=True)
class _Scan:
    """How far a queue was taken, and what it costs to look at it from the start.

    Attributes:
        doubted: whether the last look found too little, but took too long to prove anything.
        owed: whether the worker was woken: if nothing came ahead, then something may be behind.
    """

    after: Position = START
    looked_at: float = float("-inf")
    look_cost: float = 0.0
    usual_cost: float = 0.0
    doubted: bool = False
    owed: bool = False

    def is_due(self, now: float, share: float = 1.0) -> bool:
        """Whether to look from the start again."""
        return now - self.looked_at >= FULL_LOOK_SHARE * self.look_cost * share

    def is_dear(self, now: float) -> bool:
        """Whether a worker that is about to wait does without a look from the start."""
        return self.look_cost > DEAR_LOOK and not self.is_due(now, WOKEN if self.owed else 1.0)

    def looked(self, now: float, cost: float, *, short: bool) -> bool:
        """Take in a look from the start; gives whether it proves that the queue has run dry."""
        # That it takes no longer than going on may be chance: half of it counts at least.
        self.looked_at, self.look_cost = now, max(cost / 2, cost - self.usual_cost)
        known = self.after != START and not self.doubted
        self.doubted = short and known and self.look_cost > SLOW_LOOK
        self.owed = False
        return short and not self.doubted

    def went_on(self, now: float, cost: float, *, empty: bool) -> bool:
        """Take in a claim that went on; gives whether it proves that the queue has run dry."""
        self.usual_cost = cost
        dry = empty and (self.doubted or self.is_dear(now))
        if empty and not dry:
            self.looked_at = float("-inf")
        self.doubted = self.owed = False
        return dry


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
        return queue, START if scan.is_due(now, share) and not scan.owed else scan.after

    def last(self, queue: str, now: float) -> tuple[str, Position]:
        """A queue without a turn, and the position to claim after before the worker waits."""
        scan = self._scans.setdefault(queue, _Scan())
        return queue, scan.after if scan.is_dear(now) else START

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
        short = len(claims) < asked
        if after == START:
            dry = scan.looked(now, cost, short=short)
        else:
            dry = scan.went_on(now, cost, empty=not claims)
        if claims:
            last = Position(claims[-1].rank, claims[-1].job_id)
            scan.after = max(last, scan.after) if short else last
        if self._turns and self._turns[0] == queue:
            self._turns.popleft()
        if not dry and queue not in self._turns:
            self._turns.append(queue)

    def unknown(self, queues: Sequence[str], now: float, *, besides: str) -> list[str]:
        """Which of the queues to ask for work, when that is due: those without a turn.

        One that would be dear to ask gets a turn instead, and goes on where it was.

        Args:
            queues: all of them.
            now: in seconds of the monotonic clock.
            besides: what is claimed from at the same time, which tells as much.
        """
        if self._turns and now - self._refreshed_at < FULL_LOOK_SHARE * self._refresh_cost:
            return []
        known = {*self._turns, besides}
        dear = {queue for queue, scan in self._scans.items() if scan.is_dear(now)} - known
        self._turns.extend(dear)
        return [queue for queue in queues if queue not in known | dear]

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

    def rested(self, *, woken: bool) -> None:
        """After a wait: look from the start next time, but go on first where that is quicker.

        Args:
            woken: whether somebody said that there is work.
        """
        self._refreshed_at = float("-inf")
        slow = {queue: each for queue, each in self._scans.items() if each.look_cost > SLOW_LOOK}
        self._scans = slow
        for queue, scan in slow.items():
            scan.owed = woken
            if woken and queue not in self._turns:
                self._turns.append(queue)
