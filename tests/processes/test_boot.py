"""Workers that do not get ready: each slot waits longer, the others work on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from jobs_supervisor.supervisor import NOT_STARTED, PATIENCE
from tests.apps import moody
from tests.support.pool import Pool, Running, eventually


@pytest.fixture
def mood(tmp_path: Path, dsn: str) -> Path:
    """The file that says how the application's import goes."""
    path = tmp_path / "mood"
    path.write_text("")
    moody.jobs.database.given_dsn = dsn
    return path


def start(pool: Pool, mood: Path, *arguments: str) -> Running:
    return pool.start("--no-preload", *arguments, app="tests.apps.moody", workers=2, MOOD=str(mood))


def kill_one(running: Running) -> Slot:
    slot = running.slots.workers[0]
    os.kill(slot.pid, signal.SIGKILL)
    eventually(lambda: slot.restarts == 1, 5, "it is gone")
    return slot


def test_a_boot_that_hangs_has_a_deadline(pool: Pool, mood: Path) -> None:
    running = start(pool, mood, "--boot-timeout", "1")
    mood.write_text("hang")
    slot = kill_one(running)
    took = eventually(lambda: slot.restarts == 2, 10, "it is killed in boot")
    assert 0.9 <= took < 3
    assert "did not finish booting in time" in slot.last_exit
    assert "worker 1 starts again in 0.1 s" in running.log
    mood.write_text("")
    eventually(lambda: slot.state is SlotState.IDLE, 10, "it gets ready")
    moody.jobs.close()


def test_a_crash_loop_slows_down_and_spares_the_healthy(pool: Pool, mood: Path) -> None:
    running = start(pool, mood)
    mood.write_text("crash")
    slot = kill_one(running)
    healthy = running.slots.workers[1]
    eventually(lambda: slot.restarts >= 5, 15, "it crashes again and again")
    assert slot.last_exit == "exited with code 7"
    pauses = [line for line in running.log.splitlines() if "worker 1 starts again in" in line]
    seconds = [float(line.rsplit(" ", 2)[1]) for line in pauses[:3]]
    assert seconds == pytest.approx([0.1, 0.2, 0.4], rel=0.6)
    assert moody.double.submit(4).result(5) == 8
    assert (healthy.restarts, healthy.done) == (0, 1)
    mood.write_text("")
    eventually(lambda: slot.state is SlotState.IDLE, 15, "it gets ready")
    forgiven_after_a_job(running, slot)
    moody.jobs.close()


def forgiven_after_a_job(running: Running, slot: Slot) -> None:
    """The next death of a worker that has ended a job is its first again: nothing is waited for."""
    while slot.done == 0:
        assert moody.double.submit(4).result(5) == 8
    restarts, pauses = slot.restarts, running.log.count("worker 1 starts again in")
    os.kill(slot.pid, signal.SIGKILL)
    eventually(lambda: slot.restarts > restarts and slot.state is SlotState.IDLE, 5, "replaced")
    assert running.log.count("worker 1 starts again in") == pauses


@pytest.mark.long
@pytest.mark.timeout(PATIENCE + 120)
def test_a_pool_of_which_no_worker_gets_ready_gives_up(pool: Pool, mood: Path) -> None:
    mood.write_text("fine once")
    began = time.monotonic()
    running = pool.start(
        "--no-preload", app="tests.apps.moody", workers=2, wait=False, MOOD=str(mood)
    )
    assert running.wait_exit(PATIENCE + 60) == NOT_STARTED
    assert time.monotonic() - began > PATIENCE
    assert "no worker got ready within 300 s" in running.log
