"""W2: on an idle system, from the return of `submit` until the job is performed."""

from __future__ import annotations

import statistics
import time

from benchmarks import work
from benchmarks.application import jobs, mark
from benchmarks.pool import supervisor
from benchmarks.server import fresh_database
from jobs_runtime.database import connect
from jobs_runtime.executors.postgres.migrate import migrate

WORKERS = 2
GAP = 0.02
"""Seconds between a job's start and the next submit, so that the system is idle again."""


def measure(server_dsn: str, count: int) -> dict[str, float]:
    """Submit `count` jobs one after the other."""
    dsn = fresh_database(server_dsn, "bench")
    with connect(dsn, "bench") as connection:
        migrate(connection)
    jobs.database.given_dsn = dsn
    work.forget_moments()
    submitted: list[float] = []
    with supervisor(dsn, WORKERS):
        for number in range(count + 10):
            mark.submit()
            submitted.append(time.monotonic())
            while len(work.moments()) <= number:
                time.sleep(0.002)
            time.sleep(GAP)
    jobs.close()
    started = [when for when, _ in work.moments()]
    waits = [1000 * (b - a) for a, b in zip(submitted, started, strict=True)][10:]
    percentiles = statistics.quantiles(waits, n=100)
    return {"p50, ms": percentiles[49], "p95, ms": percentiles[94], "p99, ms": percentiles[98]}
