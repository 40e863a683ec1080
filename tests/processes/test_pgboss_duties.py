"""What a pool does for pg-boss's tables beside performing their jobs."""

from __future__ import annotations

import pytest

from jobs_runtime.database import Connection
from jobs_runtime.executors.pgboss.schema import create
from tests.integration.pgboss import column
from tests.support.pool import Pool, eventually

APP = "tests.apps.scheduled_bossy"
ARCHIVED = "SELECT count(*) FROM pgboss.archive"
PERFORMED = "SELECT count(*) FROM pgboss.job WHERE name = 'nightly' AND state = 'completed'"
MISSED = "UPDATE jobs.pgboss_schedule SET last_tick = now() - interval '25 hours'"


@pytest.fixture
def boss(connection: Connection) -> Connection:
    """pg-boss's tables, with a job that is due for the archive."""
    create(connection, "pgboss")
    connection.execute(
        "INSERT INTO pgboss.job (name, state, completedon)"
        " VALUES ('old', 'completed', now() - interval '1 day')"
    )
    return connection


def test_the_leader_fires_schedules_and_archives(boss: Connection, pool: Pool) -> None:
    running = pool.start(app=APP, workers=1)
    eventually(lambda: column(boss, ARCHIVED) == [1], 10, "it is archived")
    assert column(boss, "SELECT cron FROM pgboss.schedule") == ["0 3 * * *"]
    boss.execute(MISSED)
    eventually(lambda: column(boss, PERFORMED) == [1], 15, "the missed tick is made up for")
    assert running.stop() == 0
    assert column(boss, "SELECT count(*) FROM jobs.schedule") == [0]


def test_or_leaves_both_to_node(boss: Connection, pool: Pool) -> None:
    running = pool.start("--pgboss-maintenance", "node", app=APP, workers=1)
    eventually(lambda: "this scheduler leads" in running.log, 10, "it leads")
    assert column(boss, "SELECT cron FROM pgboss.schedule") == ["0 3 * * *"]
    boss.execute("INSERT INTO pgboss.job (name, data) VALUES ('nightly', '{\"n\": 2}')")
    eventually(lambda: column(boss, PERFORMED) == [1], 10, "its jobs are performed")
    assert running.stop() == 0
    assert column(boss, ARCHIVED) == [0]
    assert column(boss, "SELECT count(*) FROM pgboss.job WHERE name LIKE '\\_\\_%%'") == [0]


def test_what_leads_need_not_know_of_pg_boss(boss: Connection, pool: Pool) -> None:
    without = pool.start(app="tests.apps.idle", workers=1)
    eventually(lambda: "this scheduler leads" in without.log, 10, "it leads")
    running = pool.start(app=APP, workers=1)
    eventually(lambda: column(boss, ARCHIVED) == [1], 10, "it is archived all the same")
    boss.execute(MISSED)
    eventually(lambda: column(boss, PERFORMED) == [1], 15, "the missed tick is made up for")
    assert "this scheduler leads" not in running.log
    for each in (running, without):
        assert each.stop() == 0
