"""When to look again at what may take long to look at."""

from __future__ import annotations

import time

SHARE = 0.02
"""The greatest part of the time that such looks take where nothing is said of it.

Beside a snapshot that is hours old, each look at the queues walks over the dead versions of every
job since.
"""


def next_look(began: float, every: float, share: float = SHARE) -> float:
    """When to look again: `every` seconds after this look began, later if it took long."""
    return began + max(every, (time.monotonic() - began) / share)
