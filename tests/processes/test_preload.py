"""The application imported once, and its memory shared; or once in every worker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs_runtime import Jobs
from tests.support.pool import Pool, Running

APPLICATION = """
import os, threading
from jobs_runtime import Jobs
jobs = Jobs()
imported_by = os.getpid()
ballast = b"x" * 80_000_000
{extra}

@jobs.job
def where() -> list[int]:
    return [imported_by, os.getpid()]
"""

THREAD = 'threading.Thread(target=threading.Event().wait, name="watcher", daemon=True).start()'

client = Jobs()


@client.job
def where() -> list[int]:
    raise AssertionError("performed by the pool's own version of it")


@pytest.fixture
def code(tmp_path: Path, dsn: str) -> Iterator[Path]:
    client.database.given_dsn = dsn
    path = tmp_path / "heavy.py"
    path.write_text(APPLICATION.format(extra=""))
    yield path
    client.close()


def start(pool: Pool, code: Path, *arguments: str) -> Running:
    return pool.start(*arguments, app="heavy", workers=3, PYTHONPATH=str(code.parent))


def own_bytes(running: Running) -> list[int]:
    """What each worker keeps for itself alone, in bytes."""
    return [private_bytes(slot.pid) for slot in running.slots.workers if slot.pid]


def private_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def test_threads_before_the_import_are_refused(pool: Pool, code: Path) -> None:
    """As `opentelemetry-instrument` starts them."""
    (code.parent / "sitecustomize.py").write_text(f"import threading\n{THREAD}\n")
    running = pool.start(app="heavy", wait=False, PYTHONPATH=str(code.parent))
    assert running.wait_exit(20) == 2
    assert "threads (watcher) run before the application is imported" in running.log
    assert "Traceback" not in running.log


def test_memory_is_shared(pool: Pool, code: Path) -> None:
    running = start(pool, code)
    imported_by, performed_by = where.submit().result(5)
    assert imported_by == running.process.pid != performed_by
    assert max(own_bytes(running)) < 40_000_000


def test_without_preload_every_worker_imports(pool: Pool, code: Path) -> None:
    running = start(pool, code, "--no-preload")
    imported_by, performed_by = where.submit().result(5)
    assert imported_by == performed_by
    assert min(own_bytes(running)) > 80_000_000


def test_threads_of_an_import_are_named_and_spared(pool: Pool, code: Path) -> None:
    code.write_text(APPLICATION.format(extra=THREAD))
    running = start(pool, code)
    assert "importing heavy starts threads (watcher)" in running.log
    assert running.log.count("starts threads") == 1
    imported_by, performed_by = where.submit().result(5)
    assert imported_by == performed_by != running.process.pid
    assert len(list(Path(f"/proc/{running.process.pid}/task").iterdir())) == 1
    assert running.stop() == 0


def test_connections_of_an_import_are_named_and_not_shared(pool: Pool, code: Path) -> None:
    connected = "import psycopg; connection = psycopg.connect(os.environ['DATABASE_URL'])"
    code.write_text(APPLICATION.format(extra=connected))
    running = start(pool, code)
    assert re.search(r"importing heavy opens connections \(\S+\), which no two", running.log)
    imported_by, performed_by = where.submit().result(5)
    assert imported_by == performed_by != running.process.pid
    kept = [each.status for each in psutil.Process(running.process.pid).net_connections("all")]
    assert psutil.CONN_ESTABLISHED not in kept


THREAD_IN_C = """
import ctypes
library = ctypes.CDLL(None)
library.pthread_create(ctypes.byref(ctypes.c_ulong()), None, library.pause, None)
"""


def test_threads_in_c_are_mentioned(pool: Pool, code: Path) -> None:
    code.write_text(APPLICATION.format(extra=THREAD_IN_C))
    running = start(pool, code)
    assert "importing heavy starts 1 threads in C code" in running.log
    imported_by, _ = where.submit().result(5)
    assert imported_by == running.process.pid
