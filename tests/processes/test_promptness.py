"""How soon the supervisor's loop heeds what happens, whatever else goes on."""

from __future__ import annotations

import itertools
import json
import os
import signal
import statistics
import time
from datetime import datetime

import pytest

from jobs_supervisor.slot_state import SlotState
from tests.support.outage import outage
from tests.support.pool import Pool, Running, eventually

pytestmark = pytest.mark.measures

NOTICED, REPLACED, LATENCY = 0.05, 0.1, 0.1
"""Seconds from a kill until it is noticed, until the next process is forked, and from any signal
until it is heeded."""

STALL = 0.5
"""Seconds that a single sample may take: a machine that runs the tests besides stalls sometimes."""

SIGNALS = 100


def test_a_death_is_noticed_and_the_worker_replaced_at_once(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=8)
    noticed: list[float] = []
    replaced: list[float] = []
    for slot in running.slots.workers[:8]:
        began = time.monotonic()
        os.kill(slot.pid, signal.SIGKILL)
        eventually(lambda s=slot: s.restarts == 1 and s.state is SlotState.IDLE, 5, "replaced")
        noticed.append(slot.ended_at - began)
        replaced.append(slot.spawned - began)
    assert statistics.median(noticed) < NOTICED, noticed
    assert statistics.median(replaced) < REPLACED, replaced
    assert max(replaced) < STALL, replaced


def heeded(running: Running) -> list[float]:
    """When each SIGUSR1 was heeded, in seconds of the epoch: the loop says so."""
    lines = [json.loads(line) for line in running.log.splitlines() if "SIGUSR1" in line]
    return [datetime.fromisoformat(line["time"]).timestamp() for line in lines]


def test_the_loop_is_prompt_while_workers_die_and_the_database_is_away(
    pool: Pool, server_dsn: str, dsn: str
) -> None:
    running = pool.start(app="tests.apps.basic", workers=8, JOBS_LOG_FORMAT="json")
    workers = itertools.cycle(running.slots.workers)
    sent: list[float] = []
    with outage(server_dsn, dsn):
        for count in range(1, SIGNALS + 1):
            victim = next(workers).pid
            if victim:
                os.kill(victim, signal.SIGKILL)
            sent.append(time.time())
            running.send(signal.SIGUSR1)
            eventually(lambda n=count: len(heeded(running)) == n, 5, "the signal is heeded")
    latencies = sorted(then - at for at, then in zip(sent, heeded(running), strict=True))
    assert sum(slot.restarts > 0 for slot in running.slots.workers) == 8
    assert latencies[int(SIGNALS * 0.9)] < LATENCY, latencies
    assert latencies[int(SIGNALS * 0.99)] < STALL, latencies
