"""jobs-runtime's jobs and producer."""

from __future__ import annotations

import os

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside
from jobs_runtime import Jobs
from jobs_runtime.database import connect
from jobs_runtime.executors.postgres.migrate import migrate

jobs = Jobs()


@jobs.job
def noop(args: dict[str, object]) -> None:
    """Do nothing but be counted."""
    inside.count()


@jobs.job
def work(args: dict[str, object]) -> None:
    """Sleep and burn."""
    inside.perform(args)


# Jobs of a name have a queue of their own; only the workload of many queues wants so many.
for number in range(int(os.environ.get("BENCH_QUEUES", "0"))):
    jobs.job(name=f"noop-{number}")(noop.perform)

JOBS = {"noop": noop, "work": work}


def setup() -> None:
    with connect(jobs.database.dsn, "bench") as connection:
        migrate(connection)


def submit(job: str, args: dict[str, object], priority: int) -> None:
    if priority:
        JOBS[job].submit(args, priority=priority)
    else:
        JOBS[job].submit(args)


def submit_many(job: str, many: list[dict[str, object]]) -> None:
    JOBS[job].submit_many(many)
