"""Jobs that leave something to be done when their process ends."""

from __future__ import annotations

import atexit
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from jobs_runtime import Jobs

jobs = Jobs()

executors: list[ProcessPoolExecutor] = []


def write(path: str, what: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{what}\n")


if "LEFT_BEHIND" in os.environ:
    atexit.register(write, os.environ["LEFT_BEHIND"], "imported")


@jobs.job
def buffer(path: str) -> None:
    """Something that is written when the process ends."""
    atexit.register(write, path, "buffered")


@jobs.job
def divide() -> list[int]:
    """In a pool of its own, which nobody shuts down; gives its processes."""
    executors.append(ProcessPoolExecutor(2))
    return list(executors[-1].map(own_pid, range(8)))


def own_pid(_number: int) -> int:
    time.sleep(0.01)
    return os.getpid()


@jobs.job
def dawdle() -> None:
    """Will not let its process end."""
    atexit.register(time.sleep, 60)
