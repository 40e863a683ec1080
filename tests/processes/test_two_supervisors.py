"""Two supervisors on one host share the work, and nothing else."""

from __future__ import annotations

import os
import signal

from jobs_runtime.database import Connection
from tests.apps import basic
from tests.processes.test_deaths import slot_on
from tests.support.pool import Pool, eventually


def attempts(connection: Connection) -> list[tuple[str, int, int]]:
    rows = connection.execute(
        "SELECT state::text, attempt, count(*) FROM jobs.finished GROUP BY 1, 2"
    )
    return rows.fetchall()


def test_each_job_is_performed_by_one_of_them(pool: Pool, connection: Connection) -> None:
    both = [pool.start(app="tests.apps.basic", workers=2) for _ in range(2)]
    basic.nap.submit_many([0.005] * 400)
    eventually(lambda: attempts(connection) == [("completed", 1, 400)], 20, "each performed once")
    for running in both:
        assert sum(slot.done for slot in running.slots.workers) > 0
    assert len({running.record.pid for running in both}) == 2
    row = connection.execute("SELECT count(DISTINCT id) FROM jobs.supervisor").fetchone()
    assert row == (2,)
    first, second = both
    assert first.stop() == 0
    assert basic.double.submit(5).result(5) == 10
    assert all(slot.restarts == 0 for slot in second.slots.workers)


def test_a_death_in_one_leaves_the_other_alone(pool: Pool) -> None:
    first = pool.start(app="tests.apps.basic", workers=1)
    mine = basic.deep_sleep.submit(2.0)
    held = slot_on(first, mine.job_id)
    second = pool.start(app="tests.apps.basic", workers=1)
    theirs = basic.deep_sleep.submit(2.0)
    slot = slot_on(second, theirs.job_id)
    survivor = slot.pid
    os.kill(held.pid, signal.SIGKILL)
    assert theirs.result(10) == survivor
    assert (theirs.details().attempt, theirs.details().deaths) == (1, 0)
    mine.result(10)
    assert (mine.details().attempt, mine.details().deaths) == (2, 1)
    second.process.kill()
    second.wait_exit(5)
    assert basic.double.submit(5).result(5) == 10
    assert first.slots.workers[0].restarts == 1
    assert first.stop() == 0
