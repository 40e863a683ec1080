"""The benchmarks' application, as jobs-runtime performs it."""

from __future__ import annotations

import time

from benchmarks import heavy, work
from jobs_runtime import Jobs

jobs = Jobs()
HEAVY = heavy


@jobs.job
def noop(args: dict[str, object]) -> None:
    """Do nothing, with about 100 bytes of arguments."""


@jobs.job
def mark() -> None:
    """Say when it was performed."""
    work.mark()


@jobs.job
def mark_and_sleep(seconds: float) -> None:
    """Say when it was begun, then take a while."""
    work.mark()
    time.sleep(seconds)
