"""An application that costs 200 MB to import: half of it bytes, half of it small objects."""

from __future__ import annotations

import random

from jobs_runtime import Jobs

jobs = Jobs()

BYTES = random.Random(1).randbytes(100_000_000)
# Each takes 96 bytes, and 8 in the list.
OBJECTS = [f"object number {number:08}, one of many" for number in range(960_000)]


@jobs.job
def weigh() -> int:
    return len(BYTES) + len(OBJECTS)
