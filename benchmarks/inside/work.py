"""The work that every contestant performs: the same functions, whatever calls them.

A no-op is counted in memory that the harness shares: 50 ns, where a line in a file would cost more
than some contestants spend on a job. Anything else is written down as lines, with the monotonic
clock that all processes of a host share.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from benchmarks.inside.burning import burn
from benchmarks.inside.cells import CELLS


class _Counter:
    """This process's cell."""

    def __init__(self) -> None:
        path = Path(os.environ["BENCH_DIRECTORY"]) / "counts"
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), CELLS * 8)
        self.cells = memoryview(self._map).cast("q")
        self.cell = 0
        self.choose()
        os.register_at_fork(after_in_child=self.choose)

    def choose(self) -> None:
        self.cell = os.getpid() % CELLS


_counter = _Counter()


def count() -> None:
    """Say that a no-op was performed; threads of one process must take turns."""
    _counter.cells[_counter.cell] += 1


def perform(args: Mapping[str, object]) -> None:
    """Sleep and burn as `args` says, written down at its start and its end."""
    _note("start", args)
    time.sleep(_seconds(args, "sleep"))
    burn(_seconds(args, "burn"))
    _note("end", args)


async def aperform(args: Mapping[str, object]) -> None:
    """As `perform`; what burns does so in a thread, as asyncio's peers document it."""
    _note("start", args)
    if "sleep" in args:
        await asyncio.sleep(_seconds(args, "sleep"))
    if "burn" in args:
        await asyncio.to_thread(burn, _seconds(args, "burn"))
    _note("end", args)


def _seconds(args: Mapping[str, object], key: str) -> float:
    value = args.get(key, 0)
    assert isinstance(value, int | float)
    return float(value)


@cache
def _moments() -> str:
    return str(Path(os.environ["BENCH_DIRECTORY"]) / "moments")


def _note(what: str, args: Mapping[str, object]) -> None:
    line = f"{time.monotonic_ns()} {os.getpid()} {what} {args.get('tag', '-')}\n".encode()
    descriptor = os.open(_moments(), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line)
    os.close(descriptor)
