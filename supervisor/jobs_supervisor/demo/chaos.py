"""The worker that the demo kills, to show that its job is performed all the same."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping

from jobs_supervisor.demo.pool import DemoPool
from jobs_supervisor.demo.screen import Screen
from jobs_supervisor.slots import Slot

LARGE = 20_000
"""Bytes of a file that keeps a worker busy for long enough to be caught with it."""

AGAIN_WITHIN = 10.0
"""Seconds that a killed worker's job has to be begun again."""

GLANCE = 0.001
"""Seconds between two looks at the slots."""


def kill_a_worker(pool: DemoPool, screen: Screen, large: Mapping[int, str], until: float) -> bool:
    """Kill a worker that is on a large file; gives whether one was caught in time."""
    caught = None
    while caught is None:
        if time.monotonic() > until:
            return False
        time.sleep(GLANCE)
        caught = next((slot for slot in pool.slots if _catch(slot, large)), None)
    job_id, pid = caught.job_id, caught.pid
    os.kill(pid, signal.SIGKILL)
    killed_at = time.monotonic()
    screen.say(f"[bold red]SIGKILL[/] to {caught.title} (pid {pid}), which was on {large[job_id]}")
    while not any(slot.job_id == job_id and slot.pid != pid for slot in pool.slots):
        if time.monotonic() - killed_at > AGAIN_WITHIN:
            return True
        time.sleep(GLANCE)
    milliseconds = (time.monotonic() - killed_at) * 1000
    screen.say(f"[bold green]again[/] after {milliseconds:.0f} ms, by another process")
    return True


def _catch(slot: Slot, large: Mapping[int, str]) -> bool:
    """Stop a worker that is on a large file; gives whether it still was when it had stopped."""
    job_id, pid = slot.job_id, slot.pid
    if job_id not in large:
        return False
    os.kill(pid, signal.SIGSTOP)
    if slot.job_id == job_id and slot.pid == pid:
        return True
    os.kill(pid, signal.SIGCONT)
    return False
