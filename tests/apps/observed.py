"""Jobs that give every metric something to tell."""

from __future__ import annotations

import logging
import os
import signal
import time

from jobs_runtime import Jobs, Schedule

jobs = Jobs()


@jobs.job
def work(seconds: float) -> None:
    time.sleep(seconds)


@jobs.job
def fail() -> None:
    raise ValueError("no")


@jobs.job
def die() -> None:
    """Takes its process down."""
    os.kill(os.getpid(), signal.SIGSEGV)


@jobs.job(schedule=Schedule("* * * * * *"))
def tick() -> None:
    """Nothing, every second."""


@jobs.job
def tell(text: str) -> None:
    """Logs as an application does that knows nothing of jobs."""
    logging.getLogger("shop").info(text)
