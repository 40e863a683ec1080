"""The end of a worker, for what its jobs have registered to be done then."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jobs_supervisor.leaving import PATIENCE
from jobs_supervisor.liveness import is_running
from tests.apps import leaving
from tests.support.pool import Pool, eventually

APP = "tests.apps.leaving"


@pytest.mark.parametrize("stopped", ["drained", "recycled"])
def test_what_a_job_registers_for_the_exit_is_run(pool: Pool, tmp_path: Path, stopped: str) -> None:
    path = tmp_path / "left"
    limit = ["--max-jobs", "1"] if stopped == "recycled" else []
    running = pool.start(*limit, app=APP, workers=1, LEFT_BEHIND=str(path))
    leaving.buffer.submit(str(path)).result(5)
    if stopped == "recycled":
        eventually(lambda: path.exists() and path.read_text() == "buffered\n", 5, "it has run")
    assert running.stop() == 0
    # What was registered before the fork is run once, by the supervisor.
    assert path.read_text() == "buffered\nimported\n"


def test_the_processes_of_a_recycled_worker_end_with_it(pool: Pool) -> None:
    running = pool.start("--max-jobs", "1", app=APP, workers=1)
    worker = next(slot.pid for slot in running.slots.workers if slot.pid)
    pids = leaving.divide.submit().result(10)
    eventually(lambda: not is_running(worker), 1.9, "the worker has ended")
    eventually(lambda: not any(map(is_running, pids)), 1, "its processes have, too")


def test_what_takes_too_long_is_cut_off(pool: Pool) -> None:
    running = pool.start(app=APP, workers=1)
    leaving.dawdle.submit().result(5)
    began = time.monotonic()
    assert running.stop() == 0
    assert PATIENCE <= time.monotonic() - began < PATIENCE + 3
    assert f"registered for the exit takes more than {PATIENCE:g} s" in running.log
