"""W3: jobs of 20 ms of CPU each, on two workers: how much of two cores goes into the jobs."""

from __future__ import annotations

from operator import attrgetter

from benchmarks.moments import Performed
from benchmarks.workloads import Figures, Open

COUNT = 400
BURN = 0.02
"""CPU seconds of each job."""
WORKERS = 2
PATIENCE = 120.0
LOOK = 0.5
"""Seconds between two looks at what was performed: looking every 2 ms took 5 % of two cores."""
JOB = {"burn": BURN}
"""What each is told to do."""


def measure(open_session: Open, scale: float) -> Figures:
    """Submit the jobs at once to workers that wait for them."""
    count = max(20, int(COUNT * scale))
    with open_session() as session, session.workers("cpu") as workers:
        session.warm_up(workers)
        session.producer.submit_many("work", JOB, count=count)
        session.wait(
            lambda: len(session.performed.moments("end")) > count,
            workers,
            "the last job",
            PATIENCE,
            LOOK,
        )
        return figures(count, session.performed)


def figures(count: int, performed: Performed) -> Figures:
    """The share of the two workers' time that the last so many jobs themselves took."""
    starts = sorted(performed.moments("start"), key=attrgetter("when"))[-count:]
    wall = max(moment.when for moment in performed.moments("end")) - starts[0].when
    return {
        "efficiency": count * BURN / WORKERS / wall,
        "wall, s": wall,
        "processes": float(len({moment.pid for moment in starts})),
    }
