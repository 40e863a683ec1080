from __future__ import annotations

import os
import signal
import time

import pytest

from jobs_runtime.database import Connection
from jobs_supervisor.slot_state import SlotState
from tests.apps import basic
from tests.support.leaders import change, holder
from tests.support.pool import Pool, Running, eventually


def leads(running: Running) -> bool:
    return running.log.count("this scheduler leads") > running.log.count("no longer leads")


def ticks(connection: Connection) -> list[float]:
    rows = connection.execute("SELECT extract(epoch FROM tick)::float8 FROM jobs.tick ORDER BY 1")
    return [row[0] for row in rows]


def jobs_of(connection: Connection, name: str) -> int:
    row = connection.execute(
        "SELECT (SELECT count(*) FROM jobs.job WHERE name = %(name)s)"
        " + (SELECT count(*) FROM jobs.finished WHERE name = %(name)s)",
        {"name": name},
    ).fetchone()
    assert row is not None
    return row[0]


def test_every_tick_is_fired_once_though_the_leader_is_killed(
    pool: Pool, connection: Connection
) -> None:
    both = [pool.start(app="tests.apps.ticking", workers=1) for _ in range(2)]
    eventually(lambda: len(ticks(connection)) >= 3, 10, "three ticks")
    leader = next(running for running in both if leads(running))
    os.kill(leader.slots.one("scheduler").pid, signal.SIGKILL)
    before = len(ticks(connection))
    took = eventually(lambda: len(ticks(connection)) >= before + 3, 15, "three more ticks")
    assert took < 8
    for running in both:
        assert running.stop() == 0
    fired = ticks(connection)
    assert [second - fired[0] for second in fired] == list(range(len(fired)))
    assert jobs_of(connection, "tick") == len(fired)


@pytest.mark.measures
def test_leadership_is_handed_over_at_once_and_taken_over_from_the_dead(
    pool: Pool, connection: Connection
) -> None:
    both = [pool.start(app="tests.apps.ticking", workers=1) for _ in range(2)]
    eventually(lambda: holder(connection) is not None, 10, "one leads")

    def send(number: signal.Signals) -> None:
        (leader,) = [running for running in both if leads(running)]
        os.kill(leader.slots.one("scheduler").pid, number)

    def settled() -> bool:
        return sum(map(leads, both)) == 1 and all(
            running.slots.one("scheduler").state is SlotState.IDLE for running in both
        )

    gaps: list[float] = []
    for _ in range(3):
        eventually(settled, 10, "the log says who leads, and the other is there to take over")
        gaps.append(change(connection, lambda: send(signal.SIGTERM), 5).gap)
    assert sorted(gaps)[1] < 0.2
    eventually(settled, 10, "the log says who leads")
    assert change(connection, lambda: send(signal.SIGKILL), 10).taken < 3
    for running in both:
        assert running.stop() == 0


def test_a_delayed_job_starts_when_its_time_has_come(pool: Pool) -> None:
    pool.start(app="tests.apps.basic", workers=1)
    began = time.time()
    submitted = basic.double.delay(1.0).submit(1)
    assert submitted.details().state == "created"
    assert submitted.result(10) == 2
    record = submitted.details()
    assert record.started_at is not None
    assert 1.0 <= record.started_at.timestamp() - began < 2.0
    basic.jobs.close()
