"""What several hosts share: a job every second, and jobs of any length."""

from __future__ import annotations

import os
import time
from pathlib import Path

from jobs_runtime import Context, Jobs, Schedule

jobs = Jobs()

WITNESSED = 3.0
"""Seconds that a witnessed job takes."""


@jobs.job(schedule=Schedule("* * * * * *"))
def tick(_args: None, context: Context) -> str:
    assert context.tick is not None
    return context.tick.isoformat()


@jobs.job
def work(seconds: float) -> int:
    """Sleeps, whatever happens around it; gives the process that performed it."""
    time.sleep(seconds)
    return os.getpid()


@jobs.job
def witnessed(path: str, context: Context) -> None:
    """Notes in a file that it has begun, and takes a few seconds."""
    with Path(path).open("a") as file:
        file.write(f"{context.job_id}\n")
    time.sleep(WITNESSED)
