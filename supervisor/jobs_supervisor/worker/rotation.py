"""Which queue to claim from next, and from where: pure.

What a queue's position is, and when it is looked at from the start, is its scan's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from jobs_runtime.executors.protocol import START, Position, ReadyQueue
from jobs_runtime.model import Claim
from jobs_supervisor.worker.scan import (
    DEAR_LOOK,
    FULL_LOOK_SHARE,
    SLOW_LOOK,
    Scan,
    pause_after,
)


class Rotation:
    """The queues known to have work, taken in turn.

    Attributes:
        pool: how many workers of this host look at the same queues.
    """

    def __init__(self) -> None:
        self.pool = 1
        self._turns: deque[str] = deque()
        self._scans: dict[str, Scan] = {}
        self._refreshed_at = float("-inf")
        self._refresh_pause = 0.0
        self._try_dear_at = float("-inf")

    def next(self, now: float, share: float = 1.0) -> tuple[str, Position] | None:
        """The queue whose turn it is, and the position to claim after; None if all ran dry.

        Args:
            now: in seconds of the monotonic clock.
            share: how much of the pool is not in a long job; those look as often as all would.
        """
        if not self._turns:
            return None
        queue = self._turns[0]
        scan = self._scans.setdefault(queue, Scan())
        return queue, START if scan.is_due(now, share) and not scan.owed else scan.after

    def last(self, queue: str, now: float) -> tuple[str, Position]:
        """A queue without a turn, and the position to claim after before the worker waits."""
        scan = self._scans.setdefault(queue, Scan())
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
        scan = self._scans.setdefault(queue, Scan())
        short = len(claims) < asked
        if after == START:
            dry = scan.looked(now, cost, self.pool, short=short)
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

        One that would be dear to ask gets a turn instead, now and then, and goes on where it was.

        Args:
            queues: all of them.
            now: in seconds of the monotonic clock.
            besides: what is claimed from at the same time, which tells as much.
        """
        if self._turns and now - self._refreshed_at < self._refresh_pause:
            return []
        known = {*self._turns, besides}
        dear = {queue: scan for queue, scan in self._scans.items() if scan.is_dear(now)}
        if now >= self._try_dear_at:
            cost = sum(scan.usual_cost for scan in dear.values())
            self._try_dear_at = now + max(DEAR_LOOK, FULL_LOOK_SHARE * cost)
            self._turns.extend(dear.keys() - known)
        return [queue for queue in queues if queue not in known | dear.keys()]

    def refresh(self, ready: Sequence[ReadyQueue], now: float, cost: float) -> None:
        """Take in which queues have work; those with the most urgent first job come first."""
        self._refreshed_at, self._refresh_pause = now, pause_after(cost, self.pool)
        known = set(self._turns)
        fresh = sorted(
            (each for each in ready if each.queue not in known), key=lambda each: each.rank
        )
        self._turns.extend(each.queue for each in fresh)

    def rest(self) -> float:
        """Seconds for which a worker that waits need not look by itself.

        Looks beside millions of dead rows are slow: nobody is to spend all the time on them.
        """
        return max([self._refresh_pause, *(scan.pause for scan in self._scans.values())])

    def rested(self, *, woken: bool) -> None:
        """After a wait: look from the start next time, but go on first where that is quicker.

        Args:
            woken: whether somebody said that there is work.
        """
        self._refreshed_at = self._try_dear_at = float("-inf")
        slow = {queue: each for queue, each in self._scans.items() if each.look_cost > SLOW_LOOK}
        self._scans = slow
        for queue, scan in slow.items():
            scan.owed = woken
            if woken and queue not in self._turns:
                self._turns.append(queue)
