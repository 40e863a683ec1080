"""A pool and an application whose logins have one role each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from jobs_runtime.database import Connection
from tests.apps import observed
from tests.support.pool import Pool, eventually
from tests.support.scraping import samples

ROLES = Path(__file__).parents[2] / "deploy" / "sql" / "roles.sql"
NAMES = ("jobs_submitter", "jobs_worker", "jobs_scheduler", "jobs_reader")


def playing(dsn: str, role: str) -> str:
    return conninfo.make_conninfo(dsn, options=f"-c role={role}")


@pytest.fixture
def granted(dsn: str) -> Iterator[str]:
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(ROLES.read_bytes())
        yield dsn
        for name in NAMES:
            role = sql.Identifier(name)
            owner.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
            owner.execute(sql.SQL("DROP OWNED BY {}").format(role))
        for name in NAMES:
            owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_a_pool_lives_on_its_roles(pool: Pool, granted: str, connection: Connection) -> None:
    pool.dsn = playing(granted, "jobs_worker")
    running = pool.start(
        "--direct-dsn", playing(granted, "jobs_scheduler"), app="tests.apps.observed", workers=2
    )
    observed.jobs.database.given_dsn = playing(granted, "jobs_submitter")
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
