"""W5: memory of eight idle workers after an application of 200 MB was imported."""

from __future__ import annotations

import time

from benchmarks.pool import proportional_memory, supervisor
from benchmarks.server import fresh_database
from jobs_runtime.database import connect
from jobs_runtime.executors.postgres.migrate import migrate

WORKERS = 8
SETTLING = 3.0
"""Seconds from readiness until memory is read."""


def measure(server_dsn: str, count: int) -> dict[str, float]:
    """Read the tree's proportional set size `count` times; gives the largest."""
    dsn = fresh_database(server_dsn, "bench")
    with connect(dsn, "bench") as connection:
        migrate(connection)
    with supervisor(dsn, WORKERS, BENCH_HEAVY="1") as process:
        readings: list[int] = []
        for _ in range(count):
            time.sleep(SETTLING)
            readings.append(proportional_memory(process))
    return {"PSS of the tree, MB": max(readings) / 1e6}
