"""W2: on an idle system, from the return of a submit until the job is performed."""

from __future__ import annotations

import random
import time

from benchmarks.figures import percentile
from benchmarks.workloads import Figures, Open

COUNT = 300
GAPS = (0.02, 0.12)
"""Seconds between a job's end and the next submit: by the least the system is idle again, and they
differ by the longest time between two polls of a contestant, so that submits meet every phase."""
SEED = 1
PATIENCE = 60.0


def measure(open_session: Open, scale: float) -> Figures:
    """Submit jobs one after the other."""
    waits, gaps = list[float](), random.Random(SEED)
    with open_session() as session, session.workers("latency") as workers:
        session.warm_up(workers)
        for number in range(1, max(10, int(COUNT * scale)) + 1):
            span = session.producer.submit("work", {"tag": number})
            session.wait(
                lambda number=number: len(session.performed.moments("end")) > number,
                workers,
                "a job's end",
                PATIENCE,
            )
            start = session.performed.moments("start")[number]
            assert start.tag == str(number), f"{start} instead of job {number}"
            waits.append(1000 * (start.when - span.ended))
            time.sleep(gaps.uniform(*GAPS))
    return {f"p{each}, ms": percentile(waits, each) for each in (50, 95, 99)}
