"""A pool that grows and shrinks by one, and tells what it does."""

from __future__ import annotations

import signal

from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from tests.apps import basic
from tests.processes.test_deaths import slot_on
from tests.support.pool import Pool, Running, eventually


def idle(running: Running) -> list[Slot]:
    return [slot for slot in running.slots.workers if slot.state is SlotState.IDLE]


def test_one_more_and_one_fewer(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=2)
    running.send(signal.SIGTTIN)
    took = eventually(lambda: len(idle(running)) == 3, 5, "three workers are idle")
    assert took < 2
    for left in (2, 1):
        running.send(signal.SIGTTOU)
        eventually(lambda left=left: len(idle(running)) == left, 5, f"{left} are left")
    running.send(signal.SIGTTOU)
    eventually(lambda: "a pool of 0 takes a restart" in running.log, 5, "none is refused")
    assert basic.double.submit(2).result(5) == 4
    assert sum(slot.pid != 0 for slot in running.slots.workers) == 1


def test_who_goes_finishes_first(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=2)
    naps = [basic.nap.submit(1.0) for _ in range(2)]
    slots = [slot_on(running, nap.job_id) for nap in naps]
    pids = {slot.pid for slot in slots}
    running.send(signal.SIGTTOU)
    assert {nap.result(10) for nap in naps} == pids
    assert [nap.details().attempt for nap in naps] == [1, 1]
    eventually(lambda: len(idle(running)) == 1, 5, "one worker is left")


def test_a_look_at_every_child(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=2)
    submitted = basic.deep_sleep.submit(2.0)
    slot_on(running, submitted.job_id)
    running.send(signal.SIGUSR2)
    eventually(lambda: "exporter (pid" in running.log, 5, "the last child's turn")
    eventually(lambda: " in deep_sleep" in running.log, 5, "the job's line is shown")
    assert f"BUSY deep_sleep #{submitted.job_id}" in running.log
    assert "scheduler (pid" in running.log
    assert submitted.result(10) > 0
    assert submitted.details().attempt == 1
