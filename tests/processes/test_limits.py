"""Jobs that hang, or that try to take their process along."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import psutil
import pytest

from jobs_runtime import Job
from jobs_runtime.database import Connection
from jobs_supervisor.liveness import is_running
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from tests.apps import basic, unruly
from tests.support.pool import Pool, Running, eventually

EXPIRE_IN, KILL_AFTER = 0.5, 0.5


def assert_whole(running: Running, workers: int) -> None:
    """The pool has as many processes as it should, all ready, and none besides."""

    def whole() -> bool:
        used = [slot for slot in running.slots.workers if slot.in_use]
        return len(used) == workers and all(slot.state is SlotState.IDLE for slot in used)

    eventually(whole, 5, f"{workers} idle workers")


@pytest.mark.parametrize(
    "job",
    [unruly.sleep_deeply, unruly.hold_the_gil, unruly.ignore_signals, unruly.freeze],
    ids=lambda job: job.name,
)
def test_a_job_that_hangs_is_killed(pool: Pool, job: Job[Any, Any]) -> None:
    running = pool.start("--kill-after", str(KILL_AFTER), app="tests.apps.unruly", workers=1)
    submitted = job.submit(expire_in=EXPIRE_IN, retry_limit=0)
    behind = unruly.well_behaved.submit()
    record = submitted.wait(15)
    assert record.state == "expired"
    assert record.started_at is not None
    assert record.finished_at is not None
    took = (record.finished_at - record.started_at).total_seconds()
    assert took + 0.2 >= EXPIRE_IN + KILL_AFTER
    assert took < EXPIRE_IN + KILL_AFTER + 2
    assert "outlasted its time limit" in str(record.output)
    behind.result(5)
    assert_whole(running, 1)


def test_a_job_that_listens_ends_by_itself(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    began = time.monotonic()
    for submitted in (
        basic.nap.submit(30, expire_in=EXPIRE_IN, retry_limit=0),
        basic.async_nap.submit(30, expire_in=EXPIRE_IN, retry_limit=0),
    ):
        assert submitted.wait(10).state == "expired"
    assert time.monotonic() - began < 2 * EXPIRE_IN + 2
    assert running.slots.workers[0].restarts == 0


def test_an_expired_attempt_is_tried_again(pool: Pool) -> None:
    pool.start("--kill-after", "0.2", app="tests.apps.unruly", workers=1)
    submitted = unruly.sleep_deeply.submit(expire_in=0.3, retry_limit=1, retry_delay=0)
    record = submitted.wait(15)
    assert (record.state, record.attempt, record.deaths) == ("expired", 2, 0)


def test_an_attempt_that_listened_is_tried_again_by_the_same_worker(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    submitted = basic.async_nap.submit(30, expire_in=EXPIRE_IN, retry_limit=1, retry_delay=0)
    record = submitted.wait(10)
    assert (record.state, record.attempt, record.deaths) == ("expired", 2, 0)
    assert running.slots.workers[0].restarts == 0


@pytest.mark.parametrize("how", ["sys.exit", "KeyboardInterrupt", "MemoryError"])
def test_what_a_job_raises_fails_the_job_alone(pool: Pool, how: str) -> None:
    running = pool.start(app="tests.apps.unruly", workers=1)
    record = unruly.leave.submit(how, retry_limit=0).wait(10)
    assert (record.state, record.deaths) == ("failed", 0)
    assert running.slots.workers[0].restarts == 0
    assert_whole(running, 1)


def test_a_job_that_ends_its_process_is_not_taken_for_completed(pool: Pool) -> None:
    running = pool.start(app="tests.apps.unruly", workers=1)
    record = unruly.leave.submit("os._exit", retry_limit=0).wait(20)
    assert (record.state, record.deaths) == ("failed", 3)
    assert "exited with code 0" in str(record.output)
    assert_whole(running, 1)


@pytest.mark.parametrize("job", [unruly.close_stdout, unruly.leak_a_thread], ids=lambda j: j.name)
def test_what_a_job_leaves_behind_does_no_harm(pool: Pool, job: Job[None, None]) -> None:
    running = pool.start(app="tests.apps.unruly", workers=1)
    job.submit().result(10)
    pid = unruly.well_behaved.submit().result(5)
    assert pid == running.slots.workers[0].pid
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 5


def program_of(slot: Slot, job_id: str) -> int:
    """The pid of the program that a job waits for."""
    eventually(lambda: slot.job_id == int(job_id) and slot.progress != "", 10, "it is started")
    return int(slot.progress)


def test_a_program_ends_with_the_job_that_waits_for_it(pool: Pool) -> None:
    running = pool.start("--kill-after", "0.2", app="tests.apps.unruly", workers=1)
    submitted = unruly.run_a_program.submit(False, expire_in=EXPIRE_IN, retry_limit=0)
    program = program_of(running.slots.workers[0], submitted.job_id)
    assert is_running(program)
    assert submitted.wait(15).state == "expired"
    assert not is_running(program)
    assert_whole(running, 1)


def test_a_program_that_survives_is_nobodys_worker(pool: Pool) -> None:
    running = pool.start(app="tests.apps.unruly", workers=1)
    submitted = unruly.run_a_program.submit(True)
    slot = running.slots.workers[0]
    program = program_of(slot, submitted.job_id)
    os.kill(slot.pid, signal.SIGKILL)
    submitted.result(10)
    assert submitted.details().deaths == 1
    assert is_running(program)
    assert_whole(running, 1)
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 5
    os.kill(program, signal.SIGKILL)


def test_a_job_may_fork_as_multiprocessing_does(pool: Pool) -> None:
    running = pool.start(app="tests.apps.unruly", workers=1)
    assert unruly.terminate_a_process.submit().result(10) == -signal.SIGTERM
    assert unruly.well_behaved.submit().result(5) == running.slots.workers[0].pid


@pytest.mark.parametrize(("how", "code"), [("return", 0), ("exit", 1)])
def test_a_copy_of_a_worker_does_not_act_as_one(
    pool: Pool, connection: Connection, how: str, code: int
) -> None:
    running = pool.start(app="tests.apps.unruly", workers=1)
    submitted = unruly.fork_and_come_back.submit(how)
    assert submitted.result(10) == code
    assert submitted.details().attempt == 1
    assert unruly.well_behaved.submit().result(5) == running.slots.workers[0].pid
    row = connection.execute("SELECT count(*) FROM jobs.finished").fetchone()
    assert row == (2,)
    assert len(psutil.Process(running.process.pid).children(recursive=True)) == 3


def test_a_copy_that_returns_leaves_the_workers_transaction(pool: Pool) -> None:
    pool.start(app="tests.apps.unruly", workers=1)
    submitted = unruly.fork_in_a_transaction.submit(None)
    assert submitted.result(10) == 0
    assert submitted.details().attempt == 1


def test_a_stream_that_cannot_be_flushed_is_left(pool: Pool) -> None:
    running = pool.start(app="tests.apps.unruly", workers=1)
    unruly.replace_stdout.submit().result(10)
    assert running.stop() == 0
    assert "Traceback" not in running.log


def test_a_worker_stops_after_a_job_that_ignored_it(pool: Pool) -> None:
    running = pool.start(app="tests.apps.unruly", workers=1)
    unruly.heed_no_stop.submit().result(10)
    eventually(lambda: running.slots.workers[0].state is SlotState.IDLE, 5, "it is done")
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 5
