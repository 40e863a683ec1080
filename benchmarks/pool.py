"""A pool of workers under measurement."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil

from jobs_supervisor.rundir import living
from jobs_supervisor.slots import SlotState
from jobs_supervisor.status import open_slots

STARTUP = 60.0
"""Seconds that a pool has to get ready."""


@contextmanager
def supervisor(dsn: str, workers: int, **env: str) -> Generator[psutil.Process]:
    """Run `jobs-supervisor` on the benchmarks' application until the block ends."""
    command = [str(Path(sys.executable).with_name("jobs-supervisor"))]
    command += ["--app", "benchmarks.application", "--workers", str(workers)]
    process = subprocess.Popen(
        [*command, "--metrics-address", "127.0.0.1:0"],
        env={**os.environ, "DATABASE_URL": dsn, **env},
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_ready(process.pid, workers)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait_ready(pid: int, workers: int) -> None:
    ends = time.monotonic() + STARTUP
    while time.monotonic() < ends:
        for record in living():
            if record.pid == pid:
                states = [slot.state for slot in open_slots(record).workers]
                if sum(state >= SlotState.IDLE for state in states) == workers:
                    return
        time.sleep(0.02)
    raise TimeoutError(f"the pool was not ready within {STARTUP:.0f} s")


def proportional_memory(process: psutil.Process) -> int:
    """Bytes of the whole tree, shared pages divided among those who share them (PSS)."""
    tree = [process, *process.children(recursive=True)]
    return sum(_pss(each.pid) for each in tree)


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
