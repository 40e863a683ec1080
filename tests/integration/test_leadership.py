"""Who leads, and what the metrics say of it."""

from __future__ import annotations

import time

import pytest

from jobs_runtime.database import Connection
from jobs_supervisor import metrics
from jobs_supervisor.counters import Counters, Layout, Row
from jobs_supervisor.scheduler.leadership import Leadership
from jobs_supervisor.shared import SharedMemory
from tests.support.pool import eventually

END_LEADER = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'jobs: leadership'
"""


@pytest.fixture
def rows() -> list[Row]:
    layout = Layout(["render"])
    counters = Counters(SharedMemory.create(Counters.size_of(layout, 2)), 0, layout, 2)
    return [counters.row(0), counters.row(1)]


def said(row: Row, metric: metrics.Metric) -> float:
    return row.cells[row.layout.offset(metric)]


def leads(leadership: Leadership) -> bool:
    leadership.look(time.monotonic())
    return leadership.leading


def test_only_one_says_that_it_leads(dsn: str, rows: list[Row]) -> None:
    first, second = (Leadership(dsn, row) for row in rows)
    first.look(time.monotonic())
    second.look(time.monotonic())
    assert [said(row, metrics.LEADER) for row in rows] == [1, 0]
    first.resign()
    eventually(lambda: leads(second), 10, "the server has let go of the lock")
    assert [said(row, metrics.LEADER) for row in rows] == [0, 1]
    assert [said(row, metrics.LEADER_CHANGES) for row in rows] == [1, 1]
    second.resign()


def test_a_leader_that_loses_its_connection_no_longer_says_so(
    dsn: str, connection: Connection, rows: list[Row]
) -> None:
    leadership = Leadership(dsn, rows[0])
    leadership.look(time.monotonic())
    assert said(rows[0], metrics.LEADER) == 1
    connection.execute(END_LEADER)
    leadership.look(time.monotonic())
    assert said(rows[0], metrics.LEADER) == 0
    eventually(lambda: leads(leadership), 10, "it leads again")
    assert said(rows[0], metrics.LEADER_CHANGES) == 2
    leadership.resign()


def test_a_scheduler_does_not_inherit_its_predecessors_word(dsn: str, rows: list[Row]) -> None:
    rows[0].set(metrics.LEADER, 1.0)
    Leadership(dsn, rows[0])
    assert said(rows[0], metrics.LEADER) == 0
