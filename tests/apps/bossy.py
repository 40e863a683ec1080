"""Jobs kept by pg-boss, and one that is not, for tests that run real workers."""

from __future__ import annotations

import os
import signal
import time

from jobs_runtime import Context, Jobs

jobs = Jobs()


@jobs.job(executor="PgBoss")
def total(args: dict[str, int]) -> int:
    return sum(args.values())


@jobs.job(executor="PgBoss")
def whoami(_args: None, context: Context) -> dict[str, object]:
    return {"job_id": context.job_id, "attempt": context.attempt, "pid": os.getpid()}


@jobs.job(executor="PgBoss")
def doze(args: dict[str, float]) -> int:
    """Sleeps and listens to nobody."""
    time.sleep(args["seconds"])
    return os.getpid()


@jobs.job(executor="PgBoss")
def nap(args: dict[str, float], context: Context) -> int:
    """Sleeps, and stops when told to."""
    ends = time.monotonic() + args["seconds"]
    while time.monotonic() < ends:
        context.raise_if_cancelled()
        time.sleep(0.01)
    return os.getpid()


@jobs.job(executor="PgBoss")
def fail(args: dict[str, str]) -> None:
    raise ValueError(args["message"])


@jobs.job(executor="PgBoss")
def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@jobs.job
def double(number: int) -> int:
    return number * 2
