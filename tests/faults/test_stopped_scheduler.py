"""A scheduler that is stopped, and nothing else of its host: the host goes on as if it had died."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence

import pytest

from jobs_runtime.database import Connection
from jobs_supervisor.slots import Slot
from tests.apps import hosts
from tests.faults.ledger import assert_each_tick_once, ticks
from tests.support.leaders import change, holder
from tests.support.pool import Pool, eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(120)]

JOBS = 6_000

ATTEMPTS = """
SELECT state::text, attempt, count(*) FROM jobs.finished WHERE name = 'work' GROUP BY 1, 2
"""


def test_it_is_replaced_others_lead_and_its_workers_go_on(
    pool: Pool, connection: Connection
) -> None:
    first = pool.start(app="tests.apps.hosts", workers=2)
    eventually(lambda: holder(connection) is not None, 10, "the first leads")
    second = pool.start(app="tests.apps.hosts", workers=1)
    eventually(lambda: len(ticks(connection)) > 2, 10, "it ticks")
    hosts.work.submit_many([0.01] * JOBS)
    hosts.jobs.close()
    scheduler, workers = first.slots.one("scheduler"), first.slots.workers
    stopped = scheduler.pid

    began = time.monotonic()
    assert change(connection, lambda: os.kill(stopped, signal.SIGSTOP), 15).taken < 15
    assert scheduler.pid == stopped
    longest = longest_pause(workers, lambda: scheduler.pid not in (0, stopped))
    took = time.monotonic() - began
    print(f"replaced after {took:.1f} s; its workers paused for {longest:.2f} s at the longest")
    assert took < 15
    assert longest < 2

    eventually(lambda: done(connection) == JOBS, 30, "all are performed")
    last = ticks(connection)[-1]
    eventually(lambda: ticks(connection)[-1] > last, 10, "it ticks on")
    assert "did nothing for too long" in first.log
    assert scheduler.restarts == 1
    for running in (first, second):
        assert "given up for dead" not in running.log
        assert all(slot.restarts == 0 for slot in running.slots.workers)
        assert running.stop() == 0
    assert connection.execute(ATTEMPTS).fetchall() == [("completed", 1, JOBS)]
    assert_each_tick_once(connection, 10)


def longest_pause(workers: Sequence[Slot], ends: Callable[[], bool]) -> float:
    """The most seconds in which none of the workers ended a job, until something holds."""
    longest, count, since = 0.0, -1, time.monotonic()
    limit = since + 30
    while not ends() and time.monotonic() < limit:
        now, ended = time.monotonic(), sum(slot.done for slot in workers)
        if ended != count:
            count, since = ended, now
        longest = max(longest, now - since)
        time.sleep(0.01)
    return longest


def done(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM jobs.finished WHERE name = 'work'").fetchone()
    assert row is not None
    return row[0]
