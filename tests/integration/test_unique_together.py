from __future__ import annotations

import subprocess
import sys
import time

import pytest

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from tests.integration.flood import SLOT
from tests.integration.shop import Worker, number
from tests.support.pool import ROOT

PER_KEY = "SELECT count(*), count(DISTINCT starts_at) FROM jobs.slot WHERE key = %s"
SUBMITTED = """
SELECT (SELECT count(*) FROM jobs.job) + (SELECT count(*) FROM jobs.finished)
"""


def flood(dsn: str, processes: int, seconds: float) -> list[subprocess.Popen[str]]:
    """Begin together, once all are connected."""
    command = [sys.executable, "-m", "tests.integration.flood", dsn, str(seconds)]
    pipe = subprocess.PIPE
    submitting = [
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        for _ in range(processes)
    ]
    for process in submitting:
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
    begins = time.time() + 0.1
    for process in submitting:
        assert process.stdin is not None
        process.stdin.write(f"{begins}\n")
        process.stdin.close()
        process.stdin = None
    return submitting


def stored_by(processes: list[subprocess.Popen[str]]) -> tuple[int, ...]:
    """How often all of them together stored each kind."""
    counts: list[list[int]] = []
    for process in processes:
        printed, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        counts.append([int(count) for count in printed.split()])
    return tuple(sum(kind) for kind in zip(*counts, strict=True))


def perform_all(connection: Connection, worker: Worker) -> int:
    """Finish all that is ready; gives how many singletons were among them."""
    run(connection, upkeep.make_due(100))
    claims = worker.claim()
    worker.finish(*(claim.job_id for claim in claims))
    return sum(claim.options.singleton_seconds is None for claim in claims)


@pytest.mark.parametrize(
    ("processes", "seconds"),
    [(4, 2.0), pytest.param(8, 10.0, marks=pytest.mark.long)],
)
def test_counts_are_exact_whoever_submits(
    dsn: str, connection: Connection, worker: Worker, processes: int, seconds: float
) -> None:
    submitting = flood(dsn, processes, seconds)
    at_once: list[int] = []
    while any(process.poll() is None for process in submitting):
        at_once.append(perform_all(connection, worker))
        time.sleep(0.01)
    throttled, debounced, singleton = stored_by(submitting)

    slots = seconds / SLOT
    for key, stored in (("throttled", throttled), ("debounced", debounced)):
        rows = connection.execute(PER_KEY, [key]).fetchall()
        assert rows == [(stored, stored)]
    assert slots <= throttled <= slots + 1
    assert slots + 1 <= debounced <= slots + 2
    assert throttled + debounced + singleton == number(connection, SUBMITTED)
    at_once.append(perform_all(connection, worker))
    assert max(at_once) == 1
    assert sum(at_once) == singleton
