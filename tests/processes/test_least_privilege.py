"""A pool and an application whose logins have one role each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs_runtime.database import Connection
from jobs_runtime.executors.pgboss.schema import create
from tests.apps import bossy, observed
from tests.processes.test_bad_input import assert_one_line, call
from tests.support.grants import grant_pgboss, granted, playing
from tests.support.pool import Pool, eventually
from tests.support.scraping import samples


@pytest.fixture(autouse=True)
def roles(dsn: str) -> Iterator[None]:
    with granted(dsn):
        yield


def test_a_pool_lives_on_its_roles(pool: Pool, dsn: str) -> None:
    pool.dsn = playing(dsn, "jobs_worker")
    running = pool.start(
        "--direct-dsn", playing(dsn, "jobs_scheduler"), app="tests.apps.observed", workers=2
    )
    observed.jobs.database.given_dsn = playing(dsn, "jobs_submitter")
    submitted = observed.work.submit(0.01)
    assert submitted.wait(10).state == "completed"
    assert observed.fail.submit(retry_limit=0).wait(10).state == "failed"
    assert observed.die.submit().wait(20).state == "failed"
    delayed = observed.work.submit(0.01, start_after=3600.0)
    assert delayed.cancel()
    assert delayed.resume()
    assert observed.work.submit(0.01, start_after=0.5).wait(10).state == "completed"
    eventually(lambda: samples(running)["jobs_cron_fired_total", "tick"] > 0, 10, "cron")
    assert running.stop() == 0
    assert "permission denied" not in running.log
    observed.jobs.close()


def test_the_environment_of_a_pool_is_fit_for_its_check(dsn: str) -> None:
    direct = playing(dsn, "jobs_scheduler")
    said = call("check", "--direct-dsn", direct, dsn=playing(dsn, "jobs_worker"))
    assert said.returncode == 0, said.stdout
    assert "FAIL" not in said.stdout


def test_what_a_role_may_not_is_one_line(dsn: str) -> None:
    ended = call("queues", dsn=playing(dsn, "jobs_submitter"))
    assert_one_line(ended, 1, "jobs-supervisor: the database: permission denied for")


def test_a_pool_on_the_tables_of_a_pg_boss(pool: Pool, dsn: str, connection: Connection) -> None:
    create(connection, "pgboss")
    grant_pgboss(dsn, "pgboss")
    connection.execute("INSERT INTO pgboss.schedule (name, cron) VALUES ('total', '* * * * *')")
    pool.dsn = playing(dsn, "jobs_worker")
    running = pool.start(
        "--direct-dsn", playing(dsn, "jobs_scheduler"), app="tests.apps.bossy", workers=2
    )
    bossy.jobs.database.given_dsn = playing(dsn, "jobs_submitter")
    pg_boss = bossy.jobs.pg_boss
    assert bossy.total.submit({"a": 1}).result(10) == 1
    assert bossy.fail.submit({"message": "no"}, retry_limit=1).wait(10).state == "failed"
    assert bossy.die.submit().wait(20).state == "failed"
    napping = bossy.nap.submit({"seconds": 60})
    eventually(lambda: napping.details().state == "active", 5, "it is performed")
    assert napping.cancel()
    eventually(napping.resume, 10, "it has stopped")
    assert napping.cancel()
    for options in ({"singleton_key": "a"}, {"singleton_seconds": 60}, {"start_after": 60}):
        assert bossy.total.submit({"a": 1}, **options)  # pyright: ignore[reportArgumentType]
    assert all(bossy.total.submit_many([{"a": 1}, {"a": 2}]))
    pg_boss.subscribe("ordered", bossy.total)
    assert len(pg_boss.publish("ordered", {"a": 1})) == 1
    assert pg_boss.unsubscribe("ordered", bossy.total)
    maintained = "SELECT maintained_on IS NOT NULL FROM pgboss.version"
    eventually(lambda: connection.execute(maintained).fetchone() == (True,), 10, "maintained")
    known = "SELECT count(*) FROM jobs.pgboss_schedule WHERE name = 'total'"
    eventually(lambda: connection.execute(known).fetchone() == (1,), 10, "its schedule is seen")
    assert running.stop() == 0
    assert "permission denied" not in running.log
    bossy.jobs.close()
