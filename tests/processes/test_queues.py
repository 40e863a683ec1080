"""Pools that share an application and divide its queues."""

from __future__ import annotations

import pytest

from jobs_runtime.database import Connection
from tests.apps import basic
from tests.processes.test_bad_input import assert_one_line, call
from tests.support.pool import Pool, eventually


def performed(connection: Connection) -> list[str]:
    """The names of the jobs that each living supervisor says it performs."""
    rows = connection.execute("SELECT names::text FROM jobs.supervisor").fetchall()
    return [names for (names,) in rows]


@pytest.mark.parametrize("preload", ["--preload", "--no-preload"])
def test_each_performs_the_jobs_of_its_queues(
    pool: Pool, connection: Connection, preload: str
) -> None:
    one = pool.start("--only-queues", "double", preload, app="tests.apps.basic", workers=1)
    assert one.log.count("ready: 1 workers for double,") == 1
    waiting = basic.adouble.submit(4)
    assert [basic.double.submit(number).result(10) for number in range(3)] == [0, 2, 4]
    assert waiting.details().state == "created"
    rest = pool.start("--exclude-queues", "double", preload, app="tests.apps.basic", workers=1)
    assert waiting.result(10) == 8
    assert sorted(names == "{double}" for names in performed(connection)) == [False, True]
    assert one.stop() == 0
    left = basic.double.submit(8)
    assert basic.adouble.submit(16).result(10) == 32
    assert left.details().state == "created"
    assert rest.stop() == 0


def test_schedules_fire_whichever_queues_a_pool_works_for(
    pool: Pool, connection: Connection
) -> None:
    pool.start("--only-queues", "idle", app="tests.apps.ticking", workers=1)

    def waiting() -> int:
        row = connection.execute("SELECT count(*) FROM jobs.job WHERE name = 'tick'").fetchone()
        return row[0] if row else 0

    eventually(lambda: waiting() >= 2, 20, "two ticks wait for another pool")


def test_what_no_pool_works_for_is_told(pool: Pool) -> None:
    basic.adouble.submit(4)
    running = pool.start("--only-queues", "double,noop", app="tests.apps.basic", workers=1)
    eventually(lambda: "adouble" in running.slots.one("scheduler").progress, 20, "it is named")


def test_a_queue_that_is_not_there(dsn: str) -> None:
    ended = call("--app", "tests.apps.basic", dsn=dsn, JOBS_ONLY_QUEUES="dubble")
    assert_one_line(ended, 2, "no declared job waits in 'dubble'; did you mean 'double'?")
    checked = call("check", "--app", "tests.apps.basic", dsn=dsn, JOBS_ONLY_QUEUES="dubble")
    assert checked.returncode == 1
    assert "no declared job waits in 'dubble'" in checked.stdout
    fits = call("check", "--app", "tests.apps.basic", dsn=dsn, JOBS_ONLY_QUEUES="double")
    assert "of these the pool performs double\n" in fits.stdout
