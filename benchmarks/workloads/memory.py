"""W5: memory of eight idle workers after an application of 200 MB was imported."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import psutil

from benchmarks.usage import tree
from benchmarks.workloads import Figures, Open

STEADY = 3
"""Readings in a row, a second apart, that differ by less than 1 %: everything is imported."""
PATIENCE = 120.0
JOBS = 16
"""Jobs of a second that are performed first: some pools start a worker only when it is wanted."""


def measure(open_session: Open, scale: float) -> Figures:
    """Read the trees' proportional set size once it no longer changes."""
    with open_session() as session, session.workers("memory", BENCH_HEAVY="1") as workers:
        session.warm_up(workers)
        session.producer.submit_many("work", {"sleep": 1.0}, count=JOBS)
        session.wait(lambda: len(session.performed.moments("end")) > JOBS, workers, "all jobs")
        readings = [proportional_memory(workers)]
        ends = time.monotonic() + PATIENCE
        while len(readings) < STEADY or not steady(readings[-STEADY:]):
            if time.monotonic() > ends:
                raise TimeoutError(f"memory still changes after {PATIENCE:.0f} s")
            time.sleep(1)
            readings.append(proportional_memory(workers))
        processes = sum(len(tree(each)) for each in workers)
    return {"PSS of the tree, MB": readings[-1] / 1e6, "processes": float(processes)}


def steady(readings: list[int]) -> bool:
    """Whether readings agree within 1 %."""
    return max(readings) - min(readings) < 0.01 * max(readings)


def proportional_memory(roots: list[psutil.Process]) -> int:
    """Bytes of whole trees, shared pages divided among those who share them (PSS)."""
    return sum(_pss(process.pid) for root in roots for process in tree(root))


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
