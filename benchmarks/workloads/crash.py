"""W4: from the SIGKILL of a busy worker until its job is performed again."""

from __future__ import annotations

import os
import signal
import time

from benchmarks import work
from benchmarks.application import jobs, mark_and_sleep
from benchmarks.pool import supervisor
from benchmarks.server import fresh_database
from jobs_runtime.database import connect
from jobs_runtime.executors.postgres.migrate import migrate

WORKERS = 2
PATIENCE = 60.0
"""Seconds after which the job counts as lost."""


def measure(server_dsn: str, count: int) -> dict[str, float]:
    """Kill `count` busy workers one after the other; gives the median and the worst time."""
    dsn = fresh_database(server_dsn, "bench")
    with connect(dsn, "bench") as connection:
        migrate(connection)
    jobs.database.given_dsn = dsn
    work.forget_moments()
    times: list[float] = []
    with supervisor(dsn, WORKERS):
        for _ in range(count):
            before = len(work.moments())
            submitted = mark_and_sleep.submit(1.0)
            _wait_moments(before + 1)
            killed = time.monotonic()
            os.kill(work.moments()[before][1], signal.SIGKILL)
            _wait_moments(before + 2)
            times.append(1000 * (work.moments()[before + 1][0] - killed))
            submitted.result(PATIENCE)
    jobs.close()
    times.sort()
    return {"median, ms": times[len(times) // 2], "worst, ms": times[-1]}


def _wait_moments(count: int) -> None:
    ends = time.monotonic() + PATIENCE
    while len(work.moments()) < count:
        if time.monotonic() > ends:
            raise TimeoutError(f"the job was not performed within {PATIENCE:.0f} s")
        time.sleep(0.002)
