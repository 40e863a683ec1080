"""Cancelling a job that runs: how soon it is told, and that it stays cancelled."""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Sequence
from typing import Any

import pytest

from jobs_runtime import Cancellation, Job, SubmittedJob
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from tests.apps import basic, unruly
from tests.processes.test_deaths import slot_on
from tests.support.pool import Pool, eventually

TOLD, TOLD_AT_WORST = 0.25, 1.0
"""Seconds from a cancel until the job has stopped: the median of several, and each of them on a
machine that runs tests besides."""


def told(submitted: SubmittedJob[Any], slot: Slot) -> float:
    """Cancel a running job; gives the seconds until it has stopped, its process going on."""
    pid = slot.pid
    began = time.monotonic()
    assert submitted.cancel() is Cancellation.INTERRUPTED
    eventually(lambda: slot.job_id != int(submitted.job_id), 5, "it has stopped")
    seconds = time.monotonic() - began
    assert submitted.wait(5).state == "cancelled"
    assert slot.pid == pid
    return seconds


def performing(slots: Sequence[Slot], submitted: SubmittedJob[Any]) -> Slot:
    """Which of the slots performs a job, once one does."""
    job_id = int(submitted.job_id)
    eventually(lambda: any(slot.job_id == job_id for slot in slots), 5, "somebody performs it")
    return next(slot for slot in slots if slot.job_id == job_id)


def hold(times: Sequence[float]) -> None:
    assert statistics.median(times) < TOLD, times
    assert max(times) < TOLD_AT_WORST, times


@pytest.mark.measures
@pytest.mark.parametrize("job", [basic.nap, basic.async_nap], ids=lambda job: job.name)
def test_a_job_that_listens_stops_at_once(pool: Pool, job: Job[float, Any]) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    times: list[float] = []
    for _ in range(5):
        submitted = job.submit(30)
        times.append(told(submitted, slot_on(running, submitted.job_id)))
    hold(times)
    assert basic.double.submit(2).result(5) == 4


@pytest.mark.measures
def test_a_job_of_any_supervisor_stops_at_once(pool: Pool) -> None:
    slots = [pool.start(app="tests.apps.basic", workers=1).slots.workers[0] for _ in range(2)]
    times: list[float] = []
    for _ in range(3):
        performed: dict[Slot, SubmittedJob[int]] = {}
        while len(performed) < len(slots):  # one after the other, so that nobody claims both
            submitted = basic.nap.submit(30)
            performed[performing(slots, submitted)] = submitted
        times += [told(submitted, slot) for slot, submitted in performed.items()]
    hold(times)


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
