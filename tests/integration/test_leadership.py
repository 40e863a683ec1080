"""Who leads, what the metrics say of it, and what becomes of one that does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import pytest

from jobs_runtime.database import Connection
from jobs_supervisor import metrics
from jobs_supervisor.counters import Counters, Layout, Row
from jobs_supervisor.scheduler import leadership
from jobs_supervisor.scheduler.leadership import CHECK_EVERY, MAIN, TRY_EVERY, Leadership
from jobs_supervisor.shared import SharedMemory
from tests.support.pool import eventually

END_LEADER = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'jobs: leadership'
"""


@pytest.fixture
def rows() -> list[Row]:
    layout = Layout(["render"])
    counters = Counters(SharedMemory.create(Counters.size_of(layout, 2)), layout, 2)
    return [counters.row(0), counters.row(1)]


def said(row: Row, metric: metrics.Metric) -> float:
    return row.cells[row.layout.offset(metric)]


def leads(one: Leadership) -> Callable[[], bool]:
    """Look again, and tell."""

    def look() -> bool:
        one.look(time.monotonic())
        return MAIN in one.led

    return look


def test_only_one_says_that_it_leads(dsn: str, rows: list[Row]) -> None:
    first, second = (Leadership(dsn, row) for row in rows)
    first.look(time.monotonic())
    second.look(time.monotonic())
    assert [said(row, metrics.LEADER) for row in rows] == [1, 0]
    assert second.connection is None
    first.resign()
    eventually(leads(second), 10, "the server has let go of the lock")
    assert [said(row, metrics.LEADER) for row in rows] == [0, 1]
    assert [said(row, metrics.LEADER_CHANGES) for row in rows] == [1, 1]
    second.resign()


def test_a_resignation_is_told(dsn: str, connection: Connection, rows: list[Row]) -> None:
    connection.execute("LISTEN jobs")
    leader, other = (Leadership(dsn, row) for row in rows)
    leader.look(time.monotonic())
    other.look(time.monotonic())
    other.resign()
    leader.resign()
    heard = [each.payload for each in connection.notifies(timeout=0.5)]
    assert heard == ["leaderless"]


def test_a_leader_that_loses_its_connection_no_longer_says_so(
    dsn: str, connection: Connection, rows: list[Row]
) -> None:
    leader = Leadership(dsn, rows[0])
    leader.look(time.monotonic())
    assert said(rows[0], metrics.LEADER) == 1
    connection.execute(END_LEADER)
    leader.look(time.monotonic())
    assert said(rows[0], metrics.LEADER) == 0
    eventually(leads(leader), 10, "it leads again")
    assert said(rows[0], metrics.LEADER_CHANGES) == 2
    leader.resign()


def test_a_scheduler_does_not_inherit_its_predecessors_word(dsn: str, rows: list[Row]) -> None:
    rows[0].set(metrics.LEADER, 1.0)
    Leadership(dsn, rows[0])
    assert said(rows[0], metrics.LEADER) == 0


def test_a_silent_leader_is_replaced_and_cannot_act_any_more(
    dsn: str, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "8s" in leadership.END_THE_SILENT
    monkeypatch.setattr(leadership, "END_THE_SILENT", leadership.END_THE_SILENT.replace("8", "1"))
    silent, other = (Leadership(dsn, row) for row in rows)
    silent.look(time.monotonic())
    acts_on = silent.connection
    assert acts_on is not None
    took = eventually(leads(other), 10, "another leads")
    assert 0.5 < took < 5
    with pytest.raises(psycopg.OperationalError, match="idle-session timeout"):
        acts_on.execute("SELECT 1")
    other.resign()
    silent.resign()


def test_one_looks_again_before_the_server_takes_it_for_silent(dsn: str, rows: list[Row]) -> None:
    leader, other = (Leadership(dsn, row) for row in rows)
    leader.look(100.0)
    other.look(100.0)
    assert leader.due_at - 100.0 == CHECK_EVERY < 4
    assert TRY_EVERY[0] <= other.due_at - 100.0 <= TRY_EVERY[1] < 4
    leader.resign()
    other.resign()


def test_a_leader_waits_for_nobodys_lock_for_long(
    dsn: str, connection: Connection, rows: list[Row]
) -> None:
    leader = Leadership(dsn, rows[0])
    leader.look(time.monotonic())
    assert leader.connection is not None
    with connection.transaction():
        connection.execute("LOCK TABLE jobs.schedule")
        began = time.monotonic()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            leader.connection.execute("SELECT FROM jobs.schedule")
    assert time.monotonic() - began < 4
    leader.look(time.monotonic())
    assert MAIN in leader.led
    leader.resign()


def test_two_may_lead_different_things(dsn: str, rows: list[Row]) -> None:
    shared = "pg-boss in pgboss"
    first, second = Leadership(dsn, rows[0]), Leadership(dsn, rows[1], [MAIN, shared])
    first.look(time.monotonic())
    second.look(time.monotonic())
    assert (first.led, second.led) == ({MAIN}, {shared})
    assert second.connection is not None
    assert [said(row, metrics.LEADER) for row in rows] == [1, 0]
    first.resign()
    eventually(leads(second), 10, "the server has let go of the lock")
    assert second.led == {MAIN, shared}
    second.resign()
    assert second.connection is None
