from __future__ import annotations

import signal

from jobs_runtime.database import Connection
from jobs_supervisor.slots import SlotState
from tests.apps import basic
from tests.support.pool import Pool, eventually


def test_a_pool_performs_what_is_submitted_and_stops_cleanly(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic")
    try:
        assert basic.double.submit(21).result(5) == 42
        assert basic.adouble.submit(21).result(5) == 42
        many = basic.double.submit_many(range(1000))
        assert many[-1].result(10) == 1998
    finally:
        basic.jobs.close()
    assert running.stop() == 0
    assert "no longer leads" in running.log


def test_a_killed_workers_job_runs_again(pool: Pool, connection: Connection) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    submitted = basic.deep_sleep.submit(1.0)
    slot = running.slots.workers[0]
    eventually(lambda: slot.job_id == int(submitted.job_id), 5, "the job is begun")
    first = slot.pid
    import os

    os.kill(first, signal.SIGKILL)
    took = eventually(
        lambda: slot.pid != first and slot.state is SlotState.BUSY, 5, "it runs again"
    )
    assert took < 1
    assert submitted.result(5) != first
    record = submitted.details()
    assert (record.attempt, record.deaths) == (2, 1)
    basic.jobs.close()
