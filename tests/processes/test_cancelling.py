"""Cancelling a job that runs: how soon it is told, and that it stays cancelled."""

from __future__ import annotations

import os
import signal
import time

import pytest

from jobs_runtime import Cancellation
from jobs_supervisor.slots import SlotState
from tests.apps import basic, unruly
from tests.processes.test_deaths import slot_on
from tests.support.pool import Pool, eventually

TOLD = 0.75
"""Seconds; 0.25 are promised, on a machine that does not run tests besides."""


@pytest.mark.parametrize("job", [basic.nap, basic.async_nap], ids=lambda job: job.name)
def test_a_job_that_listens_stops_at_once(pool: Pool, job: object) -> None:
    assert job is basic.nap or job is basic.async_nap
    running = pool.start(app="tests.apps.basic", workers=1)
    submitted = (basic.nap if job is basic.nap else basic.async_nap).submit(30)
    slot = slot_on(running, submitted.job_id)
    pid = slot.pid
    began = time.monotonic()
    assert submitted.cancel() is Cancellation.INTERRUPTED
    eventually(lambda: slot.job_id == 0, 5, "it has stopped")
    assert time.monotonic() - began < TOLD
    assert submitted.wait(5).state == "cancelled"
    assert slot.pid == pid
    assert basic.double.submit(2).result(5) == 4


def test_a_job_that_does_not_listen_is_killed_and_stays_cancelled(pool: Pool) -> None:
    running = pool.start("--kill-after", "0.5", app="tests.apps.unruly", workers=1)
    submitted = unruly.hold_the_gil.submit(retry_limit=5)
    slot = slot_on(running, submitted.job_id)
    began = time.monotonic()
    assert submitted.cancel() is Cancellation.INTERRUPTED
    eventually(lambda: slot.restarts == 1 and slot.state is SlotState.IDLE, 5, "it is replaced")
    assert 0.5 <= time.monotonic() - began < 2.5
    record = submitted.details()
    assert (record.state, record.attempt, record.deaths) == ("cancelled", 1, 0)
    assert "did not stop when it was cancelled" in slot.last_exit
    assert unruly.well_behaved.submit().result(5)
    assert submitted.details().state == "cancelled"


def test_a_waiting_job_is_taken_out_of_its_queue(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    ahead = basic.nap.submit(0.5)
    slot_on(running, ahead.job_id)
    submitted = basic.double.submit(1)
    assert submitted.cancel() is Cancellation.UNQUEUED
    ahead.result(5)
    assert basic.double.submit(3).result(5) == 6
    assert submitted.details().attempt == 0
    assert submitted.cancel() is Cancellation.NOTHING
    assert submitted.resume()
    assert submitted.result(5) == 2


def test_a_cancel_that_no_scheduler_heard_is_found(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    submitted = basic.nap.submit(30)
    slot = slot_on(running, submitted.job_id)
    scheduler = running.slots.one("scheduler")
    os.kill(scheduler.pid, signal.SIGSTOP)
    assert submitted.cancel() is Cancellation.INTERRUPTED
    os.kill(scheduler.pid, signal.SIGKILL)
    took = eventually(lambda: slot.job_id == 0, 10, "it has stopped")
    assert took < 3
    assert scheduler.restarts == 1
    assert submitted.wait(5).state == "cancelled"
    assert slot.restarts == 0
