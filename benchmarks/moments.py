"""What the performed jobs left behind: a count of no-ops, and moments of everything else."""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.inside.cells import CELLS


@dataclass(frozen=True, slots=True)
class Moment:
    """A job began or ended: when (seconds of the monotonic clock), where, and its tag."""

    when: float
    pid: int
    what: str
    tag: str


def parse(line: str) -> Moment:
    """Read one line."""
    nanoseconds, pid, what, tag = line.split()
    return Moment(int(nanoseconds) / 1e9, int(pid), what, tag)


class Performed:
    """Reads what the workers of one session write into its directory."""

    def __init__(self, directory: Path) -> None:
        self._moments = directory / "moments"
        self._moments.touch()
        counts = directory / "counts"
        counts.write_bytes(bytes(CELLS * 8))
        with counts.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), CELLS * 8)
        self._read = 0
        self._seen: dict[str, list[Moment]] = {"start": [], "end": []}

    def count(self) -> int:
        """How many no-ops were performed."""
        with memoryview(self._map) as view, view.cast("q") as cells:
            return sum(cells)

    def moments(self, what: str) -> list[Moment]:
        """All starts, or all ends, so far."""
        with self._moments.open() as file:
            file.seek(self._read)
            text = file.read()
        whole = text.rpartition("\n")[0]
        if whole:
            self._read += len(whole) + 1
            for moment in map(parse, whole.splitlines()):
                self._seen[moment.what].append(moment)
        return self._seen[what]

    def close(self) -> None:
        """Let the counters go."""
        self._map.close()


def wait_until(
    condition: Callable[[], bool], patience: float, what: str, every: float = 0.002
) -> None:
    """Look every so many seconds.

    Raises:
        TimeoutError: the condition did not come true within `patience` seconds.
    """
    ends = time.monotonic() + patience
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {patience:.0f} s")
        time.sleep(every)
