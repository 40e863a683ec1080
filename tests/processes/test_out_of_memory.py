"""A worker that the kernel kills for want of memory, told from one that somebody kills."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from jobs_supervisor.ending import Ending
from jobs_supervisor.slot_state import SlotState
from tests.apps import unruly
from tests.support.pool import Pool, eventually

LIMIT_MB = 300

MOUNT = Path("/sys/fs/cgroup")


@pytest.fixture
def cage() -> Iterator[tuple[str, ...]]:
    """A command prefix: what follows has `LIMIT_MB` of memory, its children included."""
    first_version = (MOUNT / "memory").is_dir()
    group = (MOUNT / "memory" if first_version else MOUNT) / f"jobs-test-{uuid4().hex[:8]}"
    limit = "memory.limit_in_bytes" if first_version else "memory.max"
    try:
        group.mkdir()
        (group / limit).write_text(str(LIMIT_MB * 1_000_000))
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"needs a memory cgroup of its own: {error}")
    yield ("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh")
    for pid in (group / "cgroup.procs").read_text().split():
        os.kill(int(pid), signal.SIGKILL)
    eventually(lambda: not (group / "cgroup.procs").read_text(), 10, "the cage is empty")
    group.rmdir()


def test_the_reason_says_whether_memory_ran_out(pool: Pool, cage: tuple[str, ...]) -> None:
    running = pool.start(app="tests.apps.unruly", workers=2, prefix=cage)
    began = time.monotonic()
    greedy = unruly.hoard.submit(2 * LIMIT_MB)
    record = greedy.wait(60)
    assert time.monotonic() - began < 30
    assert (record.state, record.attempt, record.deaths) == ("failed", 3, 3)
    told = r"killed by SIGKILL{}: \d+ MB resident(, \d+\.\d s into hoard #\d+)?"
    lacking = told.format(", out of memory")
    assert re.search(lacking, str(record.output))
    workers = running.slots.workers
    assert all(re.fullmatch(lacking, slot.last_exit) for slot in workers if slot.restarts)
    kind = list(Ending).index(Ending.OUT_OF_MEMORY)
    assert sum(slot.endings(kind) for slot in workers) == 3

    slot = workers[0]
    eventually(lambda: slot.state is SlotState.IDLE, 15, "it is replaced")
    victim, restarts = slot.pid, slot.restarts
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: slot.restarts > restarts, 5, "it is gone")
    assert re.fullmatch(told.format(""), slot.last_exit)
    assert sum(slot.endings(kind) for slot in workers) == 3
