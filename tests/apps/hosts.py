"""What several hosts share: a job every second, and jobs of any length."""

from __future__ import annotations

import os
import time

from jobs_runtime import Context, Jobs, Schedule

jobs = Jobs()


@jobs.job(schedule=Schedule("* * * * * *"))
def tick(_args: None, context: Context) -> str:
    assert context.tick is not None
    return context.tick.isoformat()


@jobs.job
def work(seconds: float) -> int:
    """Sleeps, whatever happens around it; gives the process that performed it."""
    time.sleep(seconds)
    return os.getpid()
