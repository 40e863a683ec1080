"""Processes that are stopped, one of them or all, and what the supervisor concludes."""

from __future__ import annotations

import os
import signal
import time

import pytest

from jobs_runtime.database import Connection
from jobs_supervisor.standstill import OVERSLEEPS_BY, SILENT_FOR
from jobs_supervisor.worker.worker import POLL
from tests.apps import hosts
from tests.support.leaders import holder
from tests.support.pool import Pool, eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(120)]


def test_a_worker_that_is_stopped_while_it_waits_is_replaced(
    pool: Pool, connection: Connection
) -> None:
    running = pool.start(app="tests.apps.idle", workers=1)
    worker = running.slots.workers[0]
    eventually(lambda: worker.deadline < float("inf"), 10, "it waits")
    os.kill(worker.pid, signal.SIGSTOP)
    began = time.monotonic()
    job = hosts.work.submit(0.0)
    assert job.result(POLL + OVERSLEEPS_BY + 5) not in (0, None)
    took = time.monotonic() - began
    print(f"performed after {took:.1f} s")
    assert took > OVERSLEEPS_BY
    assert worker.restarts == 1
    assert "worker 1 starts" not in running.log
    assert "killed: did nothing for too long" in running.log
    assert job.details().attempt == 1
    hosts.jobs.close()
    assert running.stop() == 0


def test_nobody_is_replaced_after_a_freeze_of_all(pool: Pool, connection: Connection) -> None:
    running = pool.start(app="tests.apps.idle", workers=2)
    eventually(lambda: holder(connection) is not None, 10, "it leads")
    pids = [slot.pid for slot in running.slots if slot.pid]
    for pid in (running.process.pid, *pids):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(POLL + OVERSLEEPS_BY + SILENT_FOR / 2)
    running.send(signal.SIGCONT)
    eventually(lambda: "the supervisor stood still" in running.log, 5, "it goes on")
    time.sleep(1.0)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    assert hosts.work.submit(0.0).result(5) in pids
    eventually(lambda: holder(connection) is not None, 10, "it leads again")
    assert [slot.pid for slot in running.slots if slot.pid] == pids
    hosts.jobs.close()
    assert running.stop() == 0
