"""The work that every contestant performs: the same functions, whatever runs them.

Moments are written to a file as lines, by the monotonic clock that all processes of a host share.
"""

from __future__ import annotations

import os
import time
from pathlib import Path


def moments_file() -> Path:
    """Where moments are written."""
    return Path(os.environ["BENCH_MOMENTS"])


def mark() -> None:
    """Write down the moment and the process."""
    line = f"{time.monotonic_ns()} {os.getpid()}\n".encode()
    descriptor = os.open(moments_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line)
    os.close(descriptor)


def moments() -> list[tuple[float, int]]:
    """All moments so far, in seconds, with the process that marked each."""
    if not moments_file().exists():
        return []
    lines = moments_file().read_text().splitlines()
    return [(int(when) / 1e9, int(pid)) for when, pid in map(str.split, lines)]


def forget_moments() -> None:
    """Begin with an empty file."""
    moments_file().unlink(missing_ok=True)
