"""An application that costs 200 MB to import: half of it bytes, half of it small objects."""

from __future__ import annotations

import os
import random

if os.environ.get("BENCH_HEAVY"):
    BYTES = random.Random(1).randbytes(100 << 20)
    OBJECTS = [f"object number {number}, one of many" for number in range(1_200_000)]
