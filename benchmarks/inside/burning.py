"""Work for the CPU."""

from __future__ import annotations

import time


def burn(seconds: float) -> None:
    """Use up CPU time of this thread, whoever else wants the core meanwhile."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        for _ in range(1000):
            pass
