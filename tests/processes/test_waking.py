from __future__ import annotations

import os
import signal

from jobs_runtime.database import connect
from tests.apps import basic
from tests.integration.test_waking import TAKE_THE_WAKING
from tests.support.pool import Pool, eventually


def test_work_that_nobody_woke_a_worker_for_is_found(pool: Pool, dsn: str) -> None:
    pool.start(app="tests.apps.basic")
    with connect(dsn, "other") as other, other.transaction():
        other.execute(TAKE_THE_WAKING)
        submitted = [basic.double.submit(number) for number in range(20)]
        assert [each.result(5) for each in submitted] == list(range(0, 40, 2))


def test_a_worker_says_that_it_waits_after_a_slow_job(pool: Pool, dsn: str) -> None:
    """By itself: the scheduler, whose heartbeats would say so within 5 s, is stopped."""
    running = pool.start(app="tests.apps.basic", workers=1)
    napping = basic.nap.submit(0.3)
    eventually(lambda: bool(running.slots.one("worker").job_id), 5, "the job's start")
    os.kill(running.slots.one("scheduler").pid, signal.SIGSTOP)
    with connect(dsn, "other") as other:
        other.execute("UPDATE jobs.supervisor SET idle = false")
        assert napping.result(5)

        def idle() -> bool:
            return other.execute("SELECT idle FROM jobs.supervisor").fetchone() == (True,)

        eventually(idle, 2, "submits are asked to notify")
