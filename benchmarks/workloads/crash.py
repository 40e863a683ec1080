"""W4: from the SIGKILL of a busy worker until its job is performed again."""

from __future__ import annotations

import math
import os
import signal
import statistics
import time
from collections.abc import Callable

import psutil

from benchmarks.session import Session, is_alive
from benchmarks.workloads import Figures, Open

KILLS = 5
SLEEP = 1.0
"""Seconds that the job takes, so that it is caught in the act."""
PATIENCE = 170.0
"""Seconds after which the job counts as lost."""
LEAST_PATIENCE = 15.0
"""The same at a small scale, which is only to see whether it works."""
ENOUGH = 10.0
"""Seconds after which a rescue is slow, and one kill a run has to do."""


def measure(open_session: Open, scale: float) -> Figures:
    """Kill busy workers one after the other; a job that stays away counts as infinity."""
    times: list[float] = []
    patience = max(LEAST_PATIENCE, PATIENCE * min(1.0, scale))
    with open_session() as session, session.workers("crash") as workers:
        session.warm_up(workers)
        for number in range(max(1, int(KILLS * scale))):
            times.append(_kill(session, workers, str(number), patience))
            if times[-1] > ENOUGH:
                break
    return {"median, ms": 1000 * statistics.median(times), "worst, ms": 1000 * max(times)}


def _kill(session: Session, workers: list[psutil.Process], tag: str, patience: float) -> float:
    def starts(count: int) -> Callable[[], bool]:
        return lambda: len(_starts(session, tag)) >= count

    session.producer.submit("work", {"tag": tag, "sleep": SLEEP})
    session.wait(starts(1), workers, "the job's start")
    os.kill(_starts(session, tag)[0][1], signal.SIGKILL)
    killed = time.monotonic()
    while not starts(2)():
        if time.monotonic() - killed > patience or not any(map(is_alive, workers)):
            return math.inf
        time.sleep(0.002)
    session.wait(
        lambda: any(moment.tag == tag for moment in session.performed.moments("end")),
        workers,
        "the job's end",
    )
    return _starts(session, tag)[1][0] - killed


def _starts(session: Session, tag: str) -> list[tuple[float, int]]:
    moments = session.performed.moments("start")
    return [(moment.when, moment.pid) for moment in moments if moment.tag == tag]
