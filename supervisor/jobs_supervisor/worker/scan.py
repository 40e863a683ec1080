"""How far a queue was taken, and when to look at it from the start again: pure.

A claim goes on from the position of the last job taken in its queue instead of from the start, so
that it does not walk again over the dead versions of all the rows taken before. What arrives behind
that position (a retry, a higher priority) is found by looking from the start again: whenever that
is cheap against the time since the last look, on a wake-up, and before the worker waits, unless it
is dear.

A slow look from the start sees the queue as it was when it began: others may have taken all of that
meanwhile, and more has come. What it did not find is no proof: the worker goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs_runtime.executors.protocol import START, Position

FULL_LOOK_SHARE = 20.0
"""A look from the start is due once this many times what it costs has passed since the last."""

SLOW_LOOK = 0.05
"""Seconds that a look from the start may cost and still prove that a queue has run dry."""

DEAR_LOOK = 0.25
"""Seconds of cost above which a worker does without one before it waits, unless it is due."""

LONGEST_PAUSE = 300.0
"""Seconds after which a look is due whatever the last took: it may have waited for a lock."""

WOKEN = 4.0
"""How many times its cost after the last a dear look is due for a worker that was woken and found
nothing ahead: what woke it may be behind, or others were quicker."""


def pause_after(cost: float, pool: int) -> float:
    """Seconds until a look is due again.

    Each worker spends a twentieth of its time on looks that are quick. The slower they are the more
    it leaves to the others of its pool, until all of them together spend what one would.

    Args:
        cost: what a look takes, in seconds.
        pool: how many workers look at the same queues.
    """
    looks = max(1.0, min(pool, cost / SLOW_LOOK))
    return min(FULL_LOOK_SHARE * cost * looks, LONGEST_PAUSE)


@dataclass(slots=True)
class Scan:
    """The worker's position in a queue, and what looks at it from the start cost.

    Attributes:
        after: the position of the last job taken.
        looked_at: when it was last looked at from the start, in seconds of the monotonic clock.
        look_cost: the seconds which that took.
        pause: the seconds from then until the next is due.
        usual_cost: the seconds which the last claim took that went on.
        doubted: whether the last look found too little, but took too long to prove anything.
        owed: whether the worker was woken: if nothing came ahead, then something may be behind.
    """

    after: Position = START
    looked_at: float = float("-inf")
    look_cost: float = 0.0
    pause: float = 0.0
    usual_cost: float = 0.0
    doubted: bool = False
    owed: bool = False

    def is_due(self, now: float, share: float = 1.0) -> bool:
        """Whether to look from the start again."""
        return now - self.looked_at >= self.pause * share

    def is_dear(self, now: float) -> bool:
        """Whether a worker that is about to wait does without a look from the start."""
        pause = WOKEN * self.look_cost if self.owed else self.pause
        return self.look_cost > DEAR_LOOK and now - self.looked_at < pause

    def looked(self, now: float, cost: float, pool: int, *, short: bool) -> bool:
        """Take in a look from the start; gives whether it proves that the queue has run dry."""
        # That it takes no longer than going on may be chance: half of it counts at least.
        self.looked_at, self.look_cost = now, max(cost / 2, cost - self.usual_cost)
        self.pause = pause_after(self.look_cost, pool)
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
