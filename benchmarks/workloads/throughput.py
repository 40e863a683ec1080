"""W1: how many no-op jobs a second, from a full queue, until each one's end is stored."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from benchmarks import usage
from benchmarks.rates import Sample, between, rate
from benchmarks.session import Session
from benchmarks.workloads import Figures, Open

WAITING = 100_000
MORE_WAITING = 500_000
CHUNK = 10_000
"""Jobs that are submitted at once while loading."""
LOADING = 60.0
"""Seconds after which the queue is taken as full as it is: slow producers get fewer jobs."""
WORKING = 20.0
"""Seconds after which slow workers need not finish."""
LOOK = 0.05
"""Seconds between two looks at what was performed: looking every 10 ms took 2 % of two cores."""
LAST_LOOK = 0.005
"""The same when the end is near: the quickest are done in 0.7 s, of which half a look was 3 %."""
STORING = 60.0
"""Seconds from the last job's end until that is stored."""


class WrongCount(Exception):
    """Jobs were lost or performed twice."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What workers did with a full queue."""

    samples: list[Sample]
    cost: usage.Usage
    jobs: int

    @property
    def rate(self) -> float:
        """Jobs a second."""
        return rate(self.samples)


def measure(open_session: Open, scale: float) -> Figures:
    """100,000 waiting jobs, and what each costs."""
    return _measure(open_session, int(WAITING * scale))


def measure_more(open_session: Open, scale: float) -> Figures:
    """500,000 waiting jobs."""
    return _measure(open_session, int(MORE_WAITING * scale))


def _measure(open_session: Open, count: int) -> Figures:
    with open_session() as session:
        loaded, seconds = load(session, count)
        drained = drain(session, loaded)
        figures = {
            "performed, jobs/s": drained.rate,
            "loaded, jobs/s": loaded / seconds,
            "waiting jobs": float(loaded),
            **drained.cost.per_job(drained.jobs),
        }
        if session.peer.table is not None:
            figures |= usage.left_behind(session.dsn, session.peer.table)
        return figures


def load(session: Session, count: int) -> tuple[int, float]:
    """Submit no-ops in chunks, as many as can be in time; gives how many, and seconds."""
    loaded, seconds = 0, 0.0
    while loaded < count and seconds < LOADING:
        chunk = min(CHUNK, count - loaded)
        seconds += session.producer.submit_many("noop", count=chunk).seconds
        loaded += chunk
    session.settle()
    return loaded, seconds


def drain(session: Session, count: int, pool: str = "throughput") -> Drained:
    """Have workers perform all jobs, or as many as they can in time.

    Raises:
        WrongCount: jobs were lost or performed twice.
    """
    before = session.usage([])
    with session.workers(pool) as workers:
        samples = _watch(session, workers, count)
        after = session.usage(workers)
        done = session.performed.count()
    if done > count or (samples[-1].count >= count and done != count):
        raise WrongCount(f"{done} of {count} jobs were performed")
    return Drained(samples, after - before, done)


def _watch(session: Session, workers: list[psutil.Process], count: int) -> list[Sample]:
    samples: list[Sample] = []

    def begun() -> bool:
        # Of the samples before the first job only the last is of interest.
        samples[:] = [*samples[-1:], Sample(time.monotonic(), session.performed.count())]
        return samples[-1].count > 0

    session.wait(begun, workers, "the first job")
    began = samples[0].when
    while samples[-1].count < count and samples[-1].when - began < WORKING:
        time.sleep(_until_next_look(samples, count))
        session.check(workers)
        samples.append(Sample(time.monotonic(), session.performed.count()))
    if samples[-1].count >= count:
        session.wait(lambda: not session.unfinished(), workers, "every end stored", STORING)
        samples.append(Sample(time.monotonic(), count))
    return samples


def _until_next_look(samples: list[Sample], count: int) -> float:
    left, usual = count - samples[-1].count, between(samples[0], samples[-1])
    return LAST_LOOK if left < 2 * LOOK * usual else LOOK
