"""Limits and pauses over two supervisors, as on two hosts."""

from __future__ import annotations

import json
import time

import pytest

from jobs_runtime import Schedule
from jobs_runtime.database import Connection
from tests.apps import basic
from tests.processes.test_bad_input import call
from tests.support.pool import Pool, eventually


def test_no_more_than_two_run_on_both_together(pool: Pool) -> None:
    for _ in range(2):
        pool.start(app="tests.apps.basic", workers=3)
    submitted = basic.two_at_a_time.submit_many([0.1] * 12)
    keyed = basic.two_at_a_time.submit_many([0.1] * 6, limit_key="own")
    assert most_at_once([each.result(20) for each in keyed]) == 2
    spans = [each.result(20) for each in submitted]
    assert most_at_once(spans) == 2
    assert max(ended for _, ended in spans) - min(began for began, _ in spans) < 3


def test_a_queue_with_limits_and_others_are_performed_by_the_same_worker(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    for number in range(3):
        limited = basic.two_at_a_time.submit(0.0)
        assert len(limited.result(10)) == 2
        assert basic.double.submit(number).result(10) == 2 * number
    assert running.slots.workers[0].restarts == 0


def most_at_once(spans: list[list[float]]) -> int:
    moments = [(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans]
    running = most = 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    return most


def test_no_more_than_five_begin_in_any_two_seconds(pool: Pool) -> None:
    for _ in range(2):
        pool.start(app="tests.apps.basic", workers=2)
    submitted = basic.five_in_two_seconds.submit_many([None] * 10)
    times = sorted(each.result(20) for each in submitted)
    # A beginning is counted at its claim, the function is called a little later.
    assert all(sixth - first > 1.8 for first, sixth in zip(times, times[5:], strict=False))
    assert times[-1] - times[0] < 8


def test_a_pause_holds_until_the_resume(pool: Pool) -> None:
    pool.start(app="tests.apps.basic", workers=2)
    assert call("pause", "double", dsn=pool.dsn).stdout == "paused double\n"
    waiting = basic.double.submit(4)
    assert basic.adouble.submit(4).result(5) == 8
    assert waiting.details().state == "created"
    (queue,) = json.loads(call("queues", "--json", dsn=pool.dsn).stdout)
    assert (queue["job"], queue["ready"], queue["paused"]) == ("double", 1, True)
    assert "paused" in call("queues", dsn=pool.dsn).stdout
    assert basic.double.resume()
    assert waiting.result(5) == 8
    ended = call("resume", "double", dsn=pool.dsn)
    assert (ended.returncode, ended.stdout) == (1, "double was not paused\n")


def test_a_pause_of_what_nobody_performs_says_so(pool: Pool) -> None:
    pool.start(app="tests.apps.basic", workers=1)
    paused = call("pause", "dubble", dsn=pool.dsn)
    assert (paused.returncode, paused.stdout) == (0, "paused dubble\n")
    assert paused.stderr == "no supervisor performs a job dubble; did you mean 'double'?\n"


def test_what_nobody_performs_is_told(pool: Pool) -> None:
    basic.double.submit(4)
    running = pool.start(app="tests.apps.unruly", workers=1)
    (queue,) = json.loads(call("queues", "--json", dsn=pool.dsn).stdout)
    assert (queue["job"], queue["handled"]) == ("double", False)
    assert "1 of double wait, and no running supervisor performs it" in (
        call("check", dsn=pool.dsn).stdout
    )
    scheduler = running.slots.one("scheduler")
    eventually(lambda: scheduler.progress != "", 15, "the scheduler has noted it")
    directory = str(pool.directory)
    shown = call("status", JOBS_RUN_DIR=directory, COLUMNS="100").stdout
    assert "no running supervisor performs: double (1)" in shown
    pool.start(app="tests.apps.basic", workers=1)
    first, second = json.loads(call("status", "--json", JOBS_RUN_DIR=directory).stdout)
    assert first["unhandled"] == {"double": 1}  # until it looks again
    assert second["unhandled"] == {}


@pytest.mark.measures
@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.long)])
def test_schedules_made_at_run_time_fire_on_time(
    pool: Pool, connection: Connection, seconds: int
) -> None:
    pool.start(app="tests.apps.basic", workers=1)
    often = (Schedule("* * * * * *", name=f"often {each}") for each in range(4))
    stored = [basic.jobs.schedule(basic.which_tick, each) for each in often]
    eventually(lambda: len(lateness(connection)) >= 4 * seconds, seconds + 10, "each second")
    for each in stored:
        each.pause()
    late = sorted(lateness(connection))
    print(f"{len(late)} ticks: median {late[len(late) // 2]:.3f} s, latest {late[-1]:.3f} s late")
    assert late[0] >= 0
    # All but those of one second, in which the machine may have had something else to do.
    assert late[-5] < 0.25


def lateness(connection: Connection) -> list[float]:
    """Seconds from each tick until its job was begun, by the database's clock."""
    rows = connection.execute(
        "SELECT extract(epoch FROM started_at - (output #>> '{}')::timestamptz)::float8"
        " FROM jobs.finished WHERE name = 'which_tick'"
    )
    return [row[0] for row in rows]


@pytest.mark.measures
def test_a_pause_stops_a_stream_of_jobs_on_both_within_a_second(
    pool: Pool, connection: Connection
) -> None:
    for _ in range(2):
        pool.start(app="tests.apps.basic", workers=2)
    basic.nap.submit_many([0.002] * 20_000)
    eventually(lambda: finished(connection, "nap") > 100, 10, "they are performed")
    basic.jobs.queue("nap").pause()
    row = connection.execute("SELECT clock_timestamp() + interval '1 second'").fetchone()
    assert row is not None
    time.sleep(1.5)
    before = finished(connection, "nap")
    query = "SELECT count(*) FROM jobs.finished WHERE name = 'nap' AND started_at > %s"
    assert connection.execute(query, row).fetchone() == (0,)
    assert basic.double.submit(4).result(5) == 8
    began = time.monotonic()
    assert basic.jobs.queue("nap").resume()
    eventually(lambda: finished(connection, "nap") > before, 5, "they are performed again")
    assert time.monotonic() - began < 1
    connection.execute("DELETE FROM jobs.job WHERE claimed_by IS NULL")


def finished(connection: Connection, name: str) -> int:
    query = "SELECT count(*) FROM jobs.finished WHERE name = %s"
    row = connection.execute(query, [name]).fetchone()
    assert row is not None
    return row[0]
