"""Three schedulers, a tick each second, and whatever may happen to the leader."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from jobs_runtime.database import Connection
from tests.apps import hosts
from tests.faults.ledger import assert_each_tick_once, ticks
from tests.support.clocks import needs_faketime, skewed
from tests.support.pool import Pool, Running, eventually

LASTS = 120.0
"""Seconds."""

END_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5
"""

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


def scheduler_of_leader(running: list[Running]) -> int:
    """The process id of the scheduler that leads; 0 if nobody says so at the moment."""
    for each in running:
        if each.log.count("this scheduler leads") > each.log.count("no longer leads"):
            return each.slots.one("scheduler").pid
    return 0


def send(pid: int, number: signal.Signals) -> None:
    if pid:
        with suppress(ProcessLookupError):  # its supervisor may have replaced it
            os.kill(pid, number)


def kill(running: list[Running], _connection: Connection) -> None:
    send(scheduler_of_leader(running), signal.SIGKILL)
    time.sleep(5)


def stop(running: list[Running], _connection: Connection) -> None:
    pid = scheduler_of_leader(running)
    send(pid, signal.SIGSTOP)
    time.sleep(random.uniform(5, 12))
    send(pid, signal.SIGCONT)
    time.sleep(1)


def end_sessions(_running: list[Running], connection: Connection) -> None:
    connection.execute(END_SESSIONS)
    time.sleep(random.uniform(0.2, 2))


@pytest.mark.parametrize("fault", [kill, stop, end_sessions])
def test_no_tick_is_missing_and_none_fires_twice(
    pool: Pool,
    connection: Connection,
    fault: Callable[[list[Running], Connection], None],
) -> None:
    running = [pool.start(app="tests.apps.hosts", workers=1) for _ in range(3)]
    submit_and_suffer(running, connection, fault)


@needs_faketime
def test_clocks_that_differ_by_minutes_make_no_difference(
    pool: Pool, connection: Connection
) -> None:
    running = [
        pool.start(app="tests.apps.hosts", workers=1, wait=True, **skewed(seconds))
        for seconds in (90, -90, 0)
    ]
    submit_and_suffer(running, connection, kill)
    row = connection.execute(
        "SELECT count(*) FROM jobs.finished WHERE name = 'tick'"
        " AND started_at < (output #>> '{}')::timestamptz"
    ).fetchone()
    assert row == (0,)


def submit_and_suffer(
    running: list[Running],
    connection: Connection,
    fault: Callable[[list[Running], Connection], None],
) -> None:
    eventually(lambda: len(ticks(connection)) >= 2, 15, "it ticks")
    submitted = hosts.work.submit_many([0.01] * 500)
    hosts.jobs.close()
    ends = time.monotonic() + LASTS
    while time.monotonic() < ends:
        fault(running, connection)
    last = ticks(connection)[-1]
    eventually(lambda: ticks(connection)[-1] > last + 3, 30, "it ticks on")
    for each in running:
        assert each.stop() == 0
    row = connection.execute("SELECT count(*) FROM jobs.job WHERE name = 'work'").fetchone()
    assert row == (0,)
    row = connection.execute(
        "SELECT count(*), count(DISTINCT id) FROM jobs.finished WHERE state = 'completed'"
        " AND name = 'work'"
    ).fetchone()
    assert row == (len(submitted), len(submitted))
    assert_each_tick_once(connection, int(LASTS))
