"""A host whose heartbeats do not arrive, though its workers reach the database."""

from __future__ import annotations

import time

import pytest

from jobs_runtime.database import Connection
from jobs_supervisor.slots import Slot
from tests.apps import hosts
from tests.faults.ledger import assert_each_tick_once
from tests.support.leaders import holder
from tests.support.pool import Pool, Running, eventually
from tests.support.scraping import samples

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]

SILENCE = """
CREATE FUNCTION silence() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'no heartbeat of this host arrives'; END $$;
CREATE TRIGGER silence BEFORE INSERT OR UPDATE OF beat_at ON jobs.supervisor
    FOR EACH ROW WHEN (NEW.id = '{}') EXECUTE FUNCTION silence()
"""

LONG, SHORT = 30.0, 0.02
"""Seconds."""


def silence(connection: Connection, running: Running) -> None:
    query = "SELECT id FROM jobs.supervisor WHERE pid = %s"
    row = connection.execute(query, [running.process.pid]).fetchone()
    assert row is not None
    connection.execute(SILENCE.format(row[0]).encode(), prepare=False)


def test_it_claims_nothing_more_before_others_take_over(pool: Pool, connection: Connection) -> None:
    first = pool.start(app="tests.apps.hosts", workers=2)
    eventually(lambda: holder(connection) is not None, 10, "it leads")
    long = hosts.work.submit(LONG)
    eventually(lambda: long.details().attempt == 1, 10, "it performs the long job")
    second = pool.start(app="tests.apps.hosts", workers=2)
    hosts.work.submit_many([SHORT] * 5_000)
    workers = first.slots.workers
    silence(connection, first)
    began = time.monotonic()

    stopped = "no heartbeat has arrived for 15 s: nothing is claimed"
    took_over = "has been silent for 20 s"
    eventually(lambda: first.log.count(stopped) >= 1, 25, "a worker claims nothing more")
    assert took_over not in second.log
    before = done(workers)
    eventually(lambda: took_over in second.log, 15, "the other leads, and gives it up")
    eventually(lambda: long.details().attempt == 2, 10, "the job is performed elsewhere")
    assert time.monotonic() - began < 30
    assert done(workers) == before

    eventually(lambda: samples(first)["jobs_lost_claims_total",] == 1, 30, "it comes too late")
    connection.execute("DROP TRIGGER silence ON jobs.supervisor")
    eventually(lambda: "was given up for dead" in first.log, 20, "it is heard again")
    eventually(lambda: done(workers) > 0, 20, "its new workers perform")
    assert long.result(LONG + 10) in {slot.pid for slot in second.slots.workers}
    assert long.details().attempt == 2
    for running in (first, second):
        assert running.stop() == 0
    assert_each_tick_once(connection, 30)


def done(workers: list[Slot]) -> int:
    """Attempts that the processes of these slots have ended."""
    return sum(slot.done for slot in workers)
