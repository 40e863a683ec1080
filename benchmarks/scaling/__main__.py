"""Measures 1, 2 and 4 supervisors, and prints what the model says beside it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from benchmarks.ending import end_when_told
from benchmarks.scaling.app import jobs, nap
from benchmarks.scaling.model import Pool, random_arrivals
from benchmarks.server import fresh_database, postgres
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.postgres.migrate import migrate
from jobs_supervisor.settings import unset_environment

HOSTS = (1, 2, 4)
WORKERS = 2
SECONDS = 0.1
"""That a job takes."""

COUNT = 50
"""Jobs a worker."""

LOAD = 0.7
"""The part of its throughput at which a pool's waiting times are looked at."""

STARTED = "SELECT extract(epoch FROM started_at)::float8 FROM jobs.finished ORDER BY 1"
WAITED = "SELECT avg(extract(epoch FROM started_at - created_at))::float8 FROM jobs.finished"


@contextmanager
def supervisors(dsn: str, hosts: int) -> Generator[None]:
    """Run so many until the block ends, from when all their workers are registered."""
    command = [sys.executable, "-c", "from jobs_supervisor.cli import main; main()"]
    command += ["--app", "benchmarks.scaling.app", "--workers", str(WORKERS)]
    command += ["--metrics-address", "127.0.0.1:0"]
    environment = {**unset_environment(), "DATABASE_URL": dsn}
    running = [
        subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(hosts)
    ]
    try:
        with connect(dsn, "bench") as connection:
            wait_for(connection, "SELECT count(*) FROM jobs.worker", hosts * WORKERS)
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def wait_for(connection: Connection, count: str, wanted: int) -> None:
    """Wait until a query counts as many as are wanted.

    Raises:
        TimeoutError: it does not within five minutes.
    """
    ends = time.monotonic() + 300
    while time.monotonic() < ends:
        row = connection.execute(count.encode()).fetchone()
        if row and row[0] >= wanted:
            return
        time.sleep(0.02)
    raise TimeoutError(f"{count} did not reach {wanted}")


def throughput(connection: Connection, pool: Pool) -> float:
    """Jobs a second while more wait than can be performed."""
    count = COUNT * pool.slots
    nap.submit_many([SECONDS] * count)
    begun = finished(connection, count)
    return (count - pool.slots) / (begun[-1] - begun[pool.slots - 1])


def mean_wait(connection: Connection, arrivals: Sequence[float]) -> float:
    """Seconds from submit to start, jobs coming at these moments."""
    connection.execute("DELETE FROM jobs.finished")
    begins = time.monotonic() + SECONDS
    for arrival in arrivals:
        time.sleep(max(0.0, begins + arrival - time.monotonic()))
        nap.submit(SECONDS)
    finished(connection, len(arrivals))
    row = connection.execute(WAITED).fetchone()
    assert row
    return row[0]


def finished(connection: Connection, count: int) -> list[float]:
    """When each job was started, once all are finished."""
    wait_for(connection, "SELECT count(*) FROM jobs.finished", count)
    return [row[0] for row in connection.execute(STARTED)]


def main() -> None:
    """Measure and print."""
    end_when_told()
    table = Table("supervisors", "jobs/s", "by the model", "mean wait, ms", "by the model")
    with postgres() as server_dsn:
        for hosts in HOSTS:
            pool = Pool(hosts, WORKERS, SECONDS)
            arrivals = random_arrivals(LOAD * pool.throughput(), COUNT * pool.slots)
            dsn = fresh_database(server_dsn, "bench")
            jobs.database.given_dsn = dsn
            with connect(dsn, "bench") as connection:
                migrate(connection)
                with supervisors(dsn, hosts):
                    reached = throughput(connection, pool)
                    waited = mean_wait(connection, arrivals)
            jobs.close()
            figures = (reached, pool.throughput(), 1000 * waited, 1000 * pool.mean_wait(arrivals))
            table.add_row(str(hosts), *(f"{figure:.1f}" for figure in figures))
    Console().print(table)


if __name__ == "__main__":
    main()
