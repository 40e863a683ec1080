"""A job that takes its time without a CPU: what is measured is the queue, not the machine."""

from __future__ import annotations

import time

from jobs_runtime import Jobs

jobs = Jobs()


@jobs.job
def nap(seconds: float) -> None:
    """Sleep."""
    time.sleep(seconds)
