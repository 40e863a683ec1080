"""How the pool grows, shrinks and is renewed: pure.

One step at a time: a process that is to be replaced goes on until a new one is ready beside it, so
that claiming never stops. At most a tenth of the pool, but always one, is replaced at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

AT_ONCE = 0.1
"""The share of the pool that may be replaced at the same time."""


@dataclass(frozen=True, slots=True)
class Member:
    """One slot for a worker.

    Attributes:
        index: its number.
        vacant: no process lives here.
        wanted: it belongs to the pool; a process that is not wanted is on its way out.
        ready: its process is past booting.
        stale: its process is to be replaced.
    """

    index: int
    vacant: bool
    wanted: bool
    ready: bool
    stale: bool


@dataclass(frozen=True, slots=True)
class Open:
    """Take a slot into the pool, and so have a process forked for it."""

    index: int


@dataclass(frozen=True, slots=True)
class Retire:
    """Take a slot out of the pool: its process ends after its job."""

    index: int


def spare_slots(workers: int) -> int:
    """Slots beyond the pool: old processes may still work on long jobs beside a whole new pool."""
    return workers + max(1, int(workers * AT_ONCE))


def next_step(members: Sequence[Member], target: int) -> Open | Retire | None:
    """Decide the next step towards `target` fresh processes; None if there is nothing to do."""
    pool = [member for member in members if member.wanted]
    stale = [member for member in pool if member.stale]
    surge = min(len(stale), max(1, int(target * AT_ONCE)))
    if len(pool) < target + surge:
        free = next((each for each in members if each.vacant and not each.wanted), None)
        if free is not None:
            return Open(free.index)
    if len(pool) <= target:
        return None
    if not stale:
        return Retire(pool[-1].index)
    fresh_ready = sum(each.ready and not each.stale for each in pool)
    if fresh_ready + len(stale) > target:
        unready = [each for each in stale if not each.ready]
        return Retire((unready or stale)[0].index)
    return None
