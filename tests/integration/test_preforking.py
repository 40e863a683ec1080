"""A web server that imports the application, uses it, and forks its workers afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path

import httpx
import pytest

from jobs_runtime.database import Connection
from tests.support.pool import ROOT, eventually

REQUESTS = 100


@contextmanager
def gunicorn(dsn: str, directory: Path) -> Generator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """Gunicorn with two workers of four threads, and somebody who asks it."""
    pytest.importorskip("gunicorn")
    socket, log = directory / "socket", directory / "log"
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--threads", "4"]
    command += ["--bind", f"unix:{socket}", "--worker-tmp-dir", str(directory)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "tests.apps.preforked:application"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": dsn},
            stdout=output,
            stderr=output,
        )
    try:
        eventually(lambda: log.read_text().count("Booting worker") == 2, 30, "two workers")
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), timeout=30) as client:
            yield process, client
    finally:
        process.kill()
        process.wait(10)
    assert "Traceback" not in log.read_text()
    assert "Error" not in log.read_text()


def test_every_process_submits_on_connections_of_its_own(
    dsn: str, connection: Connection, tmp_path: Path
) -> None:
    with gunicorn(dsn, tmp_path) as (process, client), ThreadPoolExecutor(16) as threads:

        def submit(number: int) -> tuple[int, int]:
            answer = client.get(f"http://shop/{number}")
            assert answer.status_code == 200, answer.text
            pid, job_id = answer.text.split()
            return int(pid), int(job_id)

        submitted: list[tuple[int, int]] = []
        numbers = count(1)
        while len({pid for pid, _ in submitted}) < 2 or len(submitted) < REQUESTS:
            assert len(submitted) < 100 * REQUESTS
            submitted += threads.map(submit, islice(numbers, REQUESTS))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert process.pid not in {pid for pid, _ in submitted}
    rows = connection.execute("SELECT args::text::int, id FROM jobs.job").fetchall()
    stored = dict(rows)
    assert len(rows) == len(stored) == len(submitted) + 1
    assert [stored[number] for number in range(1, len(rows))] == [job_id for _, job_id in submitted]
