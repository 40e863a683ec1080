from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import msgspec
import pytest

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from tests.integration.flood import SLOT, Flooded
from tests.integration.shop import Worker, number
from tests.support.pool import ROOT

SLOTS = "SELECT extract(epoch FROM starts_at)::float8 FROM jobs.slot WHERE key = %s"
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


def of_all(processes: list[subprocess.Popen[str]]) -> Flooded:
    """What all of them did together."""
    stored: list[list[int]] = []
    within: Counter[int] = Counter()
    touched: set[int] = set()
    for process in processes:
        printed, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        flooded = msgspec.json.decode(printed, type=Flooded)
        stored.append(flooded.stored)
        within.update(flooded.within)
        touched |= flooded.touched
    return Flooded([sum(kind) for kind in zip(*stored, strict=True)], within, touched)


def taken(connection: Connection, key: str) -> list[int]:
    """Which slots are taken."""
    return sorted(round(row[0] / SLOT) for row in connection.execute(SLOTS, [key]))


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
    flooded = of_all(submitting)
    throttled, debounced, singleton = flooded.stored

    # One for each slot in which a submit fell, whatever the machine was slow at.
    slots = taken(connection, "throttled")
    assert len(set(slots)) == len(slots) == throttled
    assert set(flooded.within) <= set(slots) <= flooded.touched
    # The same, and one more for each next slot, if a second submit fell in this one.
    later = taken(connection, "debounced")
    assert len(set(later)) == len(later) == debounced
    twice = {slot for slot, rounds in flooded.within.items() if rounds > 1}
    assert set(flooded.within) | {slot + 1 for slot in twice} <= set(later)
    assert set(later) <= flooded.touched | {slot + 1 for slot in flooded.touched}

    assert len(flooded.within) >= 2
    assert throttled + debounced + singleton == number(connection, SUBMITTED)
    at_once.append(perform_all(connection, worker))
    assert max(at_once) == 1
    assert sum(at_once) == singleton
