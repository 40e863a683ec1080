"""One of many processes that submit the same unique keys as fast as they can.

Says when it is connected, and reads when to begin. Then prints a `Flooded` as JSON.
"""

from __future__ import annotations

import sys
import time

import msgspec

from jobs_runtime import SubmittedJob
from tests.integration.shop import Shop

SLOT = 0.5
"""Seconds."""


class Flooded(msgspec.Struct):
    """What one process did.

    Attributes:
        stored: how often each kind of submit stored a job: throttled, debounced, singleton.
        within: how many rounds of submits began and ended in one slot, by slot.
        touched: every slot in which a submit began or ended, or that passed meanwhile.
    """

    stored: list[int] = msgspec.field(default_factory=lambda: [0, 0, 0])
    within: dict[int, int] = msgspec.field(default_factory=dict[int, int])
    touched: set[int] = msgspec.field(default_factory=set[int])


def submit_round(shop: Shop, flooded: Flooded) -> None:
    submit = shop.double.submit
    first = slot_now()
    submits: list[SubmittedJob[int]] = [
        submit(1, singleton_key="throttled", singleton_seconds=SLOT),
        submit(1, singleton_key="debounced", singleton_seconds=SLOT, singleton_next_slot=True),
        submit(1, singleton_key="singleton"),
    ]
    last = slot_now()
    for kind, submitted in enumerate(submits):
        flooded.stored[kind] += bool(submitted)
    flooded.touched.update(range(first, last + 1))
    if first == last:
        flooded.within[first] = flooded.within.get(first, 0) + 1


def slot_now() -> int:
    return int(time.time() / SLOT)


def main(dsn: str, seconds: float) -> None:
    """Submit for so many seconds."""
    shop = Shop(dsn)
    shop.jobs.paused()
    print("connected", flush=True)
    begins = float(sys.stdin.readline())
    time.sleep(max(0.0, begins - time.time()))
    flooded = Flooded()
    while time.time() < begins + seconds:
        submit_round(shop, flooded)
    shop.jobs.close()
    print(msgspec.json.encode(flooded).decode())


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
