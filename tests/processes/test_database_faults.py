"""A database that goes away is a normal day: everything reconnects, nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.postgres.migrate import migrate
from jobs_supervisor.embedded import EmbeddedDatabase
from jobs_supervisor.slot_state import SlotState
from tests.apps import basic
from tests.support.outage import outage
from tests.support.pool import Pool, eventually
from tests.support.scraping import get, samples

JOBS = 500


def finished(connection: Connection) -> dict[str, int]:
    rows = connection.execute("SELECT state::text, count(*) FROM jobs.finished GROUP BY state")
    return dict(rows.fetchall())


def test_backends_ended_at_random_lose_nothing(pool: Pool, connection: Connection) -> None:
    running = pool.start(app="tests.apps.basic", workers=2)
    basic.nap.submit_many([0.01] * JOBS)
    basic.jobs.close()
    ends = time.monotonic() + 1.5
    storms = 0
    while time.monotonic() < ends:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        storms += 1
        time.sleep(0.15)
    assert storms > 5
    began = time.monotonic()
    assert basic.double.delay(0.1).submit(21).result(10) == 42  # takes a worker and a leader
    assert time.monotonic() - began < 5
    every = {"completed": JOBS + 1}
    eventually(lambda: finished(connection) == every, 30, "all jobs are performed")
    assert running.stop() == 0
    basic.jobs.close()


@pytest.fixture
def own_server() -> Iterator[tuple[EmbeddedDatabase, Path]]:
    """A server that a test may mistreat."""
    directory = Path(tempfile.mkdtemp(prefix="jobs-faults-"))
    directory.chmod(0o755)
    database = EmbeddedDatabase(directory / "postgres")
    with connect(database.dsn, "tests") as connection:
        migrate(connection)
    yield database, directory / "postgres"
    database.stop()
    shutil.rmtree(directory, ignore_errors=True)


def processes(data: Path) -> list[int]:
    """The server's: its first, and the children of that."""
    postmaster = int((data / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]


def test_an_outcome_that_cannot_be_stored_yet_is_not_out_of_time(
    own_server: tuple[EmbeddedDatabase, Path],
) -> None:
    database, data = own_server
    pool = Pool(database.dsn)
    basic.jobs.database.given_dsn = database.dsn
    limit, kill_after = 1.0, 0.2
    try:
        running = pool.start("--kill-after", str(kill_after), app="tests.apps.basic", workers=1)
        submitted = basic.deep_sleep.submit(limit / 2, expire_in=limit)
        slot = running.slots.workers[0]
        eventually(lambda: slot.job_id == int(submitted.job_id), 5, "it is begun")
        frozen = processes(data)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(limit + kill_after + 1)
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
        assert submitted.result(10) == slot.pid
        assert (submitted.details().attempt, slot.restarts) == (1, 0)
        assert running.stop() == 0
    finally:
        basic.jobs.close()
        pool.stop_all()


def test_a_user_that_was_killed_does_not_keep_the_server_up(
    own_server: tuple[EmbeddedDatabase, Path],
) -> None:
    database, data = own_server
    ended = subprocess.Popen(["true"])
    ended.wait()
    users = data / ".handle_pids.json"
    users.write_text(json.dumps([ended.pid, *json.loads(users.read_text())]))
    database.stop()
    assert not (data / "postmaster.pid").exists()


def test_a_crash_of_the_server_loses_nothing(own_server: tuple[EmbeddedDatabase, Path]) -> None:
    database, data = own_server
    pool = Pool(database.dsn)
    basic.jobs.database.given_dsn = database.dsn
    try:
        running = pool.start(app="tests.apps.basic", workers=2)
        submitted = basic.nap.submit_many([0.01] * JOBS)
        assert submitted[20].wait(10).state == "completed"
        basic.jobs.close()
        _crash(data)
        began = time.monotonic()
        eventually(lambda: _answers(database.dsn), 10, "the server has recovered")
        workers = running.slots.workers
        eventually(
            lambda: sum(slot.state is SlotState.BUSY for slot in workers) == 2,
            10,
            "both workers are at work again",
        )
        assert time.monotonic() - began < 10
        with connect(database.dsn, "tests") as connection:
            eventually(lambda: finished(connection) == {"completed": JOBS}, 30, "all are performed")
        assert running.stop() == 0
    finally:
        basic.jobs.close()
        pool.stop_all()


@pytest.mark.long
def test_an_outage_longer_than_a_time_limit_fails_no_job_that_is_done(
    pool: Pool, server_dsn: str
) -> None:
    running = pool.start("--kill-after", "0.5", app="tests.apps.basic", workers=1)
    slot = running.slots.workers[0]
    pid = slot.pid
    submitted = basic.nap.submit(1.0, expire_in=2.0)
    eventually(lambda: slot.state is SlotState.BUSY, 5, "it is begun")
    basic.jobs.close()
    with outage(server_dsn, pool.dsn):
        eventually(lambda: slot.state is SlotState.CONNECTING, 5, "it is done")
        over = time.monotonic() + 4

        def refused() -> bool:
            assert get(running, "/livez")[0] == 200
            status, text = get(running, "/readyz")
            reasons: list[str] = json.loads(text)["reasons"]
            return status == 503 and "postgres cannot be reached" in reasons

        eventually(refused, 5, "it is not ready")
        eventually(lambda: time.monotonic() > over, 10, "its time is up, and the kill is past")
        assert samples(running)["jobs_workers", "connecting"] == 1
    record = submitted.wait(15)
    assert (record.state, record.attempt, slot.pid) == ("completed", 1, pid)
    eventually(lambda: get(running, "/readyz")[0] == 200, 15, "it is ready again")


def _crash(data: Path) -> None:
    """SIGKILL one server process: the others drop every connection, and the server recovers."""
    title = "postgres: background writer"
    victim = next(
        pid
        for pid in processes(data)
        if Path(f"/proc/{pid}/cmdline").read_bytes().decode().startswith(title)
    )
    os.kill(victim, signal.SIGKILL)


def _answers(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=1) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False
