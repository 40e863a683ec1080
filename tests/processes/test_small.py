"""What a supervisor costs: nothing while idle, and no more after many restarts."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from tests.apps import basic
from tests.support.descriptors import opened
from tests.support.pool import Pool, Running

IDLE, TREE = 0.001, 300e6
"""The share of a processor while idle; bytes of the tree with a 200 MB application."""


def cpu_share(pid: int, seconds: float) -> float:
    """The share of one processor that a process takes; a span to measure over, not an event."""
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - began)


def cpu_seconds(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def restarts(running: Running) -> int:
    return sum(slot.restarts for slot in running.slots.workers)


@pytest.mark.measures
def test_idle_costs_next_to_nothing(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=8)
    shares: list[float] = []
    while len(shares) < 3 and min(shares, default=1) >= IDLE:  # neighbours empty our caches
        shares.append(cpu_share(running.process.pid, 2))
    assert min(shares) < IDLE


def test_eight_workers_share_what_was_imported(pool: Pool) -> None:
    running = pool.start(app="tests.apps.heavy", workers=8)
    parent = psutil.Process(running.process.pid)
    tree = [parent, *parent.children()]
    assert len(tree) == 11
    assert 200e6 < sum(proportional_bytes(each.pid) for each in tree) < TREE


def proportional_bytes(pid: int) -> int:
    """Memory of a process, shared pages divided among those who share them (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def recycle(running: Running, count: int, within: float) -> None:
    """Give the pool work until it has replaced so many workers."""
    target, ends = restarts(running) + count, time.monotonic() + within
    while restarts(running) < target:
        assert time.monotonic() < ends, f"{restarts(running)} restarts"
        basic.noop.submit_many([None] * 10)[-1].wait(30)


def stays_small(running: Running, count: int, within: float) -> None:
    supervisor = psutil.Process(running.process.pid)
    descriptors, memory = len(opened(supervisor.pid)), supervisor.memory_info().rss
    recycle(running, count, within)
    assert len(opened(supervisor.pid)) == descriptors
    assert supervisor.memory_info().rss - memory < 5_000_000


def test_many_restarts_leave_nothing_behind(pool: Pool) -> None:
    running = pool.start("--max-jobs", "1", app="tests.apps.basic", workers=4)
    recycle(running, 8, 30)
    stays_small(running, 12, 60)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_restarts_leave_nothing_behind(pool: Pool) -> None:
    running = pool.start("--max-jobs", "1", app="tests.apps.basic", workers=20)
    recycle(running, 100, 60)
    stays_small(running, 10_000, 3000)
