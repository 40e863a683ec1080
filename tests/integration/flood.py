"""One of many processes that submit the same unique keys as fast as they can.

Says when it is connected, and reads when to begin. Then prints how often each kind of submit stored
a job: throttled, debounced, singleton.
"""

from __future__ import annotations

import sys
import time

from jobs_runtime import SubmittedJob
from tests.integration.shop import Shop

SLOT = 0.5
"""Seconds."""


def main(dsn: str, seconds: float) -> None:
    """Submit for so many seconds."""
    shop = Shop(dsn)
    submit = shop.double.submit
    stored = [0, 0, 0]
    shop.jobs.paused()
    print("connected", flush=True)
    begins = float(sys.stdin.readline())
    time.sleep(max(0.0, begins - time.time()))
    while time.time() < begins + seconds:
        submits: list[SubmittedJob[int]] = [
            submit(1, singleton_key="throttled", singleton_seconds=SLOT),
            submit(1, singleton_key="debounced", singleton_seconds=SLOT, singleton_next_slot=True),
            submit(1, singleton_key="singleton"),
        ]
        for kind, submitted in enumerate(submits):
            stored[kind] += bool(submitted)
    shop.jobs.close()
    print(*stored)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
