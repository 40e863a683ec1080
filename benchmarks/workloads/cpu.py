"""W3: jobs of 20 ms of CPU each, on two workers: how much of two cores goes into the jobs."""

from __future__ import annotations

from benchmarks.workloads import Figures, Open

COUNT = 400
BURN = 0.02
"""CPU seconds of each job."""
WORKERS = 2
PATIENCE = 120.0
LOOK = 0.1
"""Seconds between two looks at what was performed: looking every 2 ms took 5 % of two cores."""


def measure(open_session: Open, scale: float) -> Figures:
    """Submit the jobs at once to workers that wait for them."""
    count = max(20, int(COUNT * scale))
    with open_session() as session, session.workers("cpu") as workers:
        session.warm_up(workers)
        session.producer.submit_many("work", {"burn": BURN}, count=count)
        session.wait(
            lambda: len(session.performed.moments("end")) > count,
            workers,
            "the last job",
            PATIENCE,
            LOOK,
        )
        starts = sorted(moment.when for moment in session.performed.moments("start"))
        ends = sorted(moment.when for moment in session.performed.moments("end"))
        pids = {moment.pid for moment in session.performed.moments("start")[1:]}
    return {**figures(count, ends[-1] - starts[1]), "processes": float(len(pids))}


def figures(count: int, wall: float) -> Figures:
    """The share of the two workers' time that the jobs themselves took."""
    return {"efficiency": count * BURN / WORKERS / wall, "wall, s": wall}
