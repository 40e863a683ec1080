"""SIGHUP: new code in the same pool, nothing missed, or the old code goes on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs_runtime import Jobs
from jobs_runtime.database import Connection
from tests.support.pool import Pool, Running, eventually

GENERATION = """
import os, time
from jobs_runtime import Jobs
jobs = Jobs()

@jobs.job
def version(seconds: float) -> list[str]:
    time.sleep(seconds)
    return [{version!r}, str(os.getpid())]
"""

client = Jobs()


@client.job
def version(_seconds: float) -> list[str]:
    raise AssertionError("performed by the pool's own version of it")


@pytest.fixture
def code(tmp_path: Path, dsn: str) -> Iterator[Path]:
    """The application's file, at its first version."""
    client.database.given_dsn = dsn
    path = tmp_path / "shifting.py"
    write(path, "one")
    yield path
    client.close()


def write(path: Path, name: str) -> None:
    path.write_text(GENERATION.format(version=name))


def start(pool: Pool, code: Path, *arguments: str) -> Running:
    return pool.start(
        *arguments,
        app="shifting",
        workers=2,
        PYTHONPATH=str(code.parent),
        # Two versions of one size within one second would share a .pyc file.
        PYTHONDONTWRITEBYTECODE="1",
    )


def reloaded(running: Running) -> bool:
    return running.log.count("ready: ") == 2


class Traffic:
    """Jobs submitted all the time, one after the other, from another thread."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._ids: list[str] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            self._ids.append(version.submit(0).job_id)

    def end(self) -> list[str]:
        self._stop.set()
        self._thread.join()
        return self._ids


@pytest.mark.measures
def test_a_reload_leaves_no_gap(pool: Pool, code: Path, connection: Connection) -> None:
    running = start(pool, code)
    before = [slot.pid for slot in running.slots.workers if slot.pid]
    slow = version.submit(1.5)
    eventually(lambda: any(slot.job for slot in running.slots.workers), 5, "it is begun")
    traffic = Traffic()
    write(code, "two")
    running.send(signal.SIGHUP)
    took = eventually(lambda: reloaded(running), 20, f"the pool is renewed\n{running.log}")
    ids = traffic.end()
    assert took < 10
    assert slow.result(10)[0] == "one"
    assert version.submit(0).result(5)[0] == "two"
    eventually(lambda: not {slot.pid for slot in running.slots} & set(before), 10, "all are new")

    row = connection.execute(
        "SELECT count(*), max(attempt), max(started_at - created_at) < interval '1 s',"
        " count(DISTINCT output ->> 0) FROM jobs.finished WHERE id = ANY(%s::bigint[])",
        [ids],
    ).fetchone()
    assert row == (len(ids), 1, True, 2)
    assert running.process.poll() is None
    row = connection.execute("SELECT count(*) FROM jobs.supervisor").fetchone()
    assert row == (1,)


def test_broken_code_leaves_the_old_serving(pool: Pool, code: Path) -> None:
    running = start(pool, code)
    pids = [slot.pid for slot in running.slots.workers]
    code.write_text("def this is not Python")
    running.send(signal.SIGHUP)
    took = eventually(lambda: "the old goes on serving" in running.log, 10, "it is refused")
    assert took < 5
    assert "SyntaxError" in running.log
    assert version.submit(0).result(5)[0] == "one"
    assert [slot.pid for slot in running.slots.workers] == pids
    write(code, "mended")
    running.send(signal.SIGHUP)
    eventually(lambda: reloaded(running), 20, f"the mended code serves\n{running.log}")
    assert version.submit(0).result(5)[0] == "mended"


def test_a_link_that_was_moved_leads_to_the_new_code(pool: Pool, code: Path) -> None:
    current = code.parent / "current"
    for release in ("one", "two"):
        (code.parent / release).mkdir()
        write(code.parent / release / code.name, release)
    current.symlink_to("one")
    code.unlink()
    running = pool.start(app="shifting", cwd=current, PWD=str(current), PYTHONDONTWRITEBYTECODE="1")
    assert version.submit(0).result(5)[0] == "one"
    current.unlink()
    current.symlink_to("two")
    running.send(signal.SIGHUP)
    eventually(lambda: reloaded(running), 20, f"the pool is renewed\n{running.log}")
    assert version.submit(0).result(5)[0] == "two"
    assert running.stop() == 0


def test_new_code_that_cannot_be_tried_leaves_the_old_serving(pool: Pool, code: Path) -> None:
    code.write_text(code.read_text() + "import sys; sys.executable = '/nowhere/python'")
    running = start(pool, code)
    running.send(signal.SIGHUP)
    eventually(lambda: "the old goes on serving" in running.log, 10, "it is refused")
    assert version.submit(0).result(5)[0] == "one"
    assert running.stop() == 0


def test_new_code_that_does_not_finish_loading_is_refused(pool: Pool, code: Path) -> None:
    running = start(pool, code, "--boot-timeout", "2")
    code.write_text("import time; time.sleep(600)")
    running.send(signal.SIGHUP)
    took = eventually(lambda: "the old goes on serving" in running.log, 10, "it is refused")
    assert 1.9 < took < 5
    assert version.submit(0).result(5)[0] == "one"


def test_a_schema_that_does_not_fit_the_new_code_leaves_the_old_serving(
    pool: Pool, code: Path, connection: Connection
) -> None:
    running = start(pool, code)
    connection.execute("UPDATE jobs.migration SET version = version + 1000, readable_by = 1000")
    running.send(signal.SIGHUP)
    eventually(lambda: "the old goes on serving" in running.log, 15, "it is refused")
    assert "upgrade" in running.log
    assert version.submit(0).result(5)[0] == "one"
    assert sum(slot.restarts for slot in running.slots.workers) == 0


def test_new_code_may_start_threads_and_stop_doing_so(pool: Pool, code: Path) -> None:
    running = start(pool, code)
    quiet = code.read_text()
    loud = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    for text, warnings in ((loud + quiet, 2), (quiet.replace("one", "two"), 2)):
        ready = running.log.count("ready: ")
        code.write_text(text)
        running.send(signal.SIGHUP)
        eventually(lambda r=ready: running.log.count("ready: ") > r, 20, "the pool is renewed")
        # Once by the trial, once by the successor.
        assert running.log.count("starts threads") == warnings
    assert version.submit(0).result(5)[0] == "two"
    eventually(lambda: sum(slot.pid != 0 for slot in running.slots.workers) == 2, 5, "two are left")
    assert len(psutil.Process(running.process.pid).children()) == 4
    assert running.stop() == 0


def test_new_code_may_declare_other_jobs(pool: Pool, code: Path, connection: Connection) -> None:
    running = start(pool, code)
    code.write_text(code.read_text() + "\n@jobs.job\ndef added() -> int:\n    return 7\n")
    added = Jobs(client.database.given_dsn)
    submitted = added.job(name="added")(lambda: None).submit()
    running.send(signal.SIGHUP)
    assert submitted.result(20) == 7
    added.close()
    eventually(lambda: reloaded(running), 20, "the pool is renewed")
    names = connection.execute("SELECT names FROM jobs.supervisor").fetchall()
    assert sorted(names[0][0]) == ["added", "version"]


def test_a_stop_wins_over_a_reload(pool: Pool, code: Path) -> None:
    running = start(pool, code)
    running.send(signal.SIGHUP)
    running.send(signal.SIGTERM)
    assert running.wait_exit(10) == 0
