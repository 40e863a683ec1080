"""The end of a pool: drained, cut short, at once, or its supervisor killed."""

from __future__ import annotations

import signal
import time

from jobs_runtime.database import Connection
from jobs_supervisor.liveness import is_running
from jobs_supervisor.scheduler.heartbeat import EVERY
from jobs_supervisor.supervisor import CUT_SHORT
from tests.apps import basic, unruly
from tests.processes.test_deaths import slot_on
from tests.support.pool import Pool, Running, eventually


def gone(pids: list[int]) -> bool:
    return not any(map(is_running, pids))


def children(running: Running) -> list[int]:
    return [slot.pid for slot in running.slots if slot.pid]


def waiting(connection: Connection) -> list[tuple[str, int, int]]:
    rows = connection.execute("SELECT state::text, attempt, deaths FROM jobs.job")
    return rows.fetchall()


def test_an_idle_pool_stops_at_once(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=4)
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 2


def test_a_running_job_may_finish(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    submitted = basic.deep_sleep.submit(1.0)
    slot_on(running, submitted.job_id)
    behind = basic.double.submit(1)
    running.send(signal.SIGINT)
    assert running.wait_exit(10) == 0
    assert submitted.details().state == "completed"
    assert (behind.details().state, behind.details().attempt) == ("created", 0)


def test_what_was_claimed_along_with_a_running_job_goes_back_at_once(
    pool: Pool, connection: Connection
) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    quick = basic.deep_sleep.submit_many([0.0] * 20)
    eventually(lambda: quick[-1].details().state == "completed", 10, "claims have grown")
    slow, *behind = basic.deep_sleep.submit_many([1.5] + [0.0] * 5)
    slot_on(running, slow.job_id)
    running.send(signal.SIGTERM)
    given_back = [("active", 1, 0)] + [("created", 0, 0)] * len(behind)
    eventually(lambda: sorted(waiting(connection)) == given_back, 5, "they are back before it ends")
    later = basic.double.submit(1)
    assert running.wait_exit(10) == 0
    assert slow.details().state == "completed"
    assert [each.details().attempt for each in [*behind, later]] == [0] * (len(behind) + 1)


def test_what_does_not_finish_in_time_is_given_back_uncharged(
    pool: Pool, connection: Connection
) -> None:
    running = pool.start("--drain", "1", app="tests.apps.unruly", workers=1)
    submitted = unruly.sleep_deeply.submit()
    slot_on(running, submitted.job_id)
    began = time.monotonic()
    running.send(signal.SIGTERM)
    assert running.wait_exit(10) == CUT_SHORT
    assert 1 <= time.monotonic() - began < 3
    assert waiting(connection) == [("created", 0, 0)]


def test_a_second_signal_ends_the_patience(pool: Pool, connection: Connection) -> None:
    running = pool.start("--drain", "60", app="tests.apps.unruly", workers=2)
    for submitted in unruly.sleep_deeply.submit_many([None] * 2):
        slot_on(running, submitted.job_id)
    running.send(signal.SIGTERM)
    eventually(lambda: "stopping (SIGTERM)" in running.log, 5, "the first is heeded")
    began = time.monotonic()
    running.send(signal.SIGINT)
    assert running.wait_exit(10) == CUT_SHORT
    assert time.monotonic() - began < 2
    assert [(attempt, deaths) for _, attempt, deaths in waiting(connection)] == [(0, 0)] * 2


def test_quit_asks_nobody(pool: Pool, connection: Connection) -> None:
    running = pool.start(app="tests.apps.unruly", workers=2)
    submitted = unruly.sleep_deeply.submit()
    slot_on(running, submitted.job_id)
    pids = children(running)
    began = time.monotonic()
    running.send(signal.SIGQUIT)
    assert running.wait_exit(10) == 128 + signal.SIGQUIT
    assert time.monotonic() - began < 3
    assert gone(pids)
    began = time.monotonic()
    pool.start(app="tests.apps.unruly", workers=1)
    eventually(lambda: waiting(connection) == [("active", 2, 1)], 10, "the next pool takes it")
    assert time.monotonic() - began < 5


def test_idle_children_do_not_outlive_a_killed_supervisor(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=4)
    pids = children(running)
    running.process.kill()
    took = eventually(lambda: gone(pids), 5, "all children are gone")
    assert took < 2
    running.wait_exit(5)


def test_a_killed_supervisors_address_is_free_while_its_workers_finish(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    address = running.record.metrics
    submitted = basic.deep_sleep.submit(3.0)
    slot = slot_on(running, submitted.job_id)
    exporter = running.slots.one("exporter").pid
    running.process.kill()
    running.wait_exit(5)
    eventually(lambda: gone([exporter]), 5, "its exporter is gone")
    successor = pool.start("--metrics-address", address, app="tests.apps.basic", workers=1)
    assert successor.record.metrics == address
    assert is_running(slot.pid)
    assert submitted.result(15) == slot.pid


def test_a_host_whose_supervisor_was_killed_is_heard_while_its_workers_finish(
    pool: Pool, connection: Connection
) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    submitted = basic.deep_sleep.submit(EVERY + 3)
    slot_on(running, submitted.job_id)
    running.process.kill()
    killed = time.time() + 0.5
    took = eventually(lambda: beat(connection) > killed, EVERY + 2, "it is heard again")
    assert submitted.details().state == "active"
    assert took > 0.4
    eventually(lambda: beat(connection) == 0, 10, "it says goodbye")
    record = submitted.details()
    assert (record.state, record.attempt) == ("completed", 1)


def beat(connection: Connection) -> float:
    """When a supervisor was heard last; 0 for none."""
    last = "SELECT coalesce(max(extract(epoch FROM beat_at)), 0)::float8 FROM jobs.supervisor"
    row = connection.execute(last).fetchone()
    assert row is not None
    return row[0]


def test_nothing_works_on_for_a_killed_supervisor(pool: Pool, connection: Connection) -> None:
    running = pool.start("--drain", "1", app="tests.apps.unruly", workers=2)
    submitted = unruly.sleep_deeply.submit()
    slot_on(running, submitted.job_id)
    pids = children(running)
    running.process.kill()
    took = eventually(lambda: gone(pids), 10, "all children are gone")
    assert took < 5
    assert [(attempt, deaths) for _, attempt, deaths in waiting(connection)] == [(0, 0)]
    running.wait_exit(5)
