"""However often workers are replaced, a scrape costs the same and no counter goes back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from jobs_runtime.model import Claim, JobState, Outcome
from jobs_runtime.options import merge
from jobs_supervisor import metrics
from jobs_supervisor.child import Child
from jobs_supervisor.counters import WorkerCounters
from jobs_supervisor.exporter.collector import SupervisorCollector
from jobs_supervisor.plan import Role
from jobs_supervisor.shared_state import SharedState
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from tests.support.scraping import parsed

pytestmark = pytest.mark.measures

WORKERS = 8
SLOWEST = 0.1
"""Seconds that a scrape may take, the best of three."""


@pytest.fixture
def state() -> Iterator[SharedState]:
    state = SharedState.create(WORKERS, [f"job{number}" for number in range(50)], None)
    yield state
    for descriptor in state.descriptors:
        os.close(descriptor)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def fastest_scrape(state: SharedState) -> tuple[float, str]:
    registry = CollectorRegistry()
    registry.register(SupervisorCollector(state.counters, state.slots))
    took: list[float] = []
    text = ""
    for _ in range(3):
        began = time.perf_counter()
        text = generate_latest(registry).decode()
        took.append(time.perf_counter() - began)
    return min(took), text


@pytest.mark.parametrize("rounds", [20, pytest.param(1250, marks=pytest.mark.long)])
@pytest.mark.timeout(600)
def test_scrapes_after_many_restarts(state: SharedState, rounds: int) -> None:
    def live(slot: Slot) -> int:
        slot.enter(SlotState.IDLE)
        claim = Claim(1, "job7", 0, 1, 0, None, merge(), 0.002)
        row = state.counters.row(slot.index)
        WorkerCounters(row).attempts([(claim, Outcome(1, JobState.COMPLETED, 0.1))])
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    role = Role("worker", live)
    children = [Child(slot, role) for slot in state.slots.workers[:WORKERS]]
    files = open_files()
    size = len(fastest_scrape(state)[1])
    attempts = state.counters.layout.series[metrics.ATTEMPTS.name, "job7", "completed"]
    counted = 0.0
    for _ in range(rounds):
        for child in children:
            child.spawn(time.monotonic(), 0)
        for child in children:
            _, status, usage = os.wait4(child.pid, 0)
            child.end(status, usage, None, time.monotonic())
        now = state.counters.total(attempts)[0]
        assert now == counted + WORKERS
        counted = now
    took, text = fastest_scrape(state)
    assert took < SLOWEST
    assert open_files() <= files
    assert len(text) < size * 1.2
    assert parsed(text)["jobs_attempts_total", "job7", "completed"] == rounds * WORKERS
    assert parsed(text)["jobs_process_endings_total", "signal", "worker"] == rounds * WORKERS
