"""W6: producers and workers together for minutes; W6b: beside an old snapshot that stops vacuum."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import psycopg

from benchmarks import usage
from benchmarks.rates import Sample, between, windows
from benchmarks.server import setting
from benchmarks.session import Session
from benchmarks.submitting import Producer
from benchmarks.workloads import Figures, Open

SECONDS = 180.0
WINDOW = 10.0
"""Seconds over which each reported rate is taken."""
LEAST_WINDOW = 0.5
"""The same at a small scale."""
PRODUCERS = 2
AHEAD = 20_000
"""Jobs that may wait before the producers pause."""
VACUUMED = ("autovacuum_naptime", "15s")
"""How often the server looks for tables to vacuum, with a snapshot beside it and without."""
CHUNK = 1_000
"""Jobs that a producer submits at once."""


def measure(open_session: Open, scale: float) -> Figures:
    """Without anything beside it."""
    with open_session() as session, setting(session.dsn, *VACUUMED):
        return _measure(session, scale)


def measure_snapshot(open_session: Open, scale: float) -> Figures:
    """While another session holds a snapshot."""
    with (
        open_session() as session,
        setting(session.dsn, *VACUUMED),
        psycopg.connect(session.dsn) as other,
    ):
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT count(*) FROM pg_class")
        figures = _measure(session, scale)
        other.rollback()
        return figures


def _measure(session: Session, scale: float) -> Figures:
    window = max(LEAST_WINDOW, WINDOW * min(1.0, scale))
    waiting: list[int] = []
    with session.workers("throughput") as workers:
        session.warm_up(workers)
        before = session.usage(workers)
        with _fed(session) as submitted:
            session.wait(lambda: session.performed.count() > 0, workers, "the first job")
            samples = _watch(session, workers, window * SECONDS / WINDOW, submitted, waiting)
        cost = session.usage(workers) - before
    rates = windows(samples, window)
    figures = {
        "performed, jobs/s": between(samples[0], samples[-1]),
        "worst window, jobs/s": min(rates),
        "waiting jobs": sum(waiting) / len(waiting),
        **cost.per_job(samples[-1].count),
        **{f"at {window * n:06.1f} s, jobs/s": each for n, each in enumerate(rates, start=1)},
    }
    if session.peer.table is not None:
        figures |= usage.left_behind(session.dsn, session.peer.table)
    return figures


def _watch(
    session: Session,
    workers: list[psutil.Process],
    seconds: float,
    submitted: Callable[[], int],
    waiting: list[int],
) -> list[Sample]:
    samples = [Sample(time.monotonic(), session.performed.count())]
    while samples[-1].when < samples[0].when + seconds:
        time.sleep(0.1)
        session.check(workers)
        samples.append(Sample(time.monotonic(), session.performed.count()))
        waiting.append(submitted() - samples[-1].count)
    return samples


@contextmanager
def _fed(session: Session) -> Generator[Callable[[], int]]:
    """Producers that keep jobs waiting until the block ends; gives how many were submitted."""
    over = threading.Event()
    producers = [session.producer]
    producers += [session.another_producer() for _ in range(PRODUCERS - 1)]
    counts = [0] * len(producers)

    def feed(number: int, producer: Producer) -> None:
        while not over.is_set():
            if sum(counts) - session.performed.count() < AHEAD:
                producer.submit_many("noop", count=CHUNK)
                counts[number] += CHUNK
            else:
                over.wait(0.005)

    with ThreadPoolExecutor(len(producers)) as threads:
        feeding = [threads.submit(feed, *each) for each in enumerate(producers)]
        try:
            yield lambda: sum(counts)
        finally:
            over.set()
        for future in feeding:
            future.result()
