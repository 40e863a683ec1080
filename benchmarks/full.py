"""When every place of a pool was taken by a long job, and what was waited beyond that: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Spell = tuple[float, float]
"""From when to when."""


def full_spells(starts: Iterable[float], ends: Iterable[float], places: int) -> list[Spell]:
    """The spells in which at least so many jobs ran at once, other than one that has not ended.

    Args:
        starts: of every long job.
        ends: likewise, in any order.
        places: how many jobs a pool performs at once.
    """
    changes = sorted([(when, 1) for when in starts] + [(when, -1) for when in ends])
    running, since, spells = 0, 0.0, list[Spell]()
    for when, change in changes:
        before, running = running, running + change
        if before < places <= running:
            since = when
        elif running < places <= before:
            spells.append((since, when))
    return spells


def wait_beyond(spells: Sequence[Spell], began: float, ended: float) -> float:
    """Seconds of a wait that lay outside all the spells."""
    inside = sum(max(0.0, min(ended, end) - max(began, start)) for start, end in spells)
    return ended - began - inside
