"""A stop while the database is away: what was performed is stored, if it comes back in time."""

from __future__ import annotations

import os
import signal
import time

import pytest

from jobs_runtime.database import Connection
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from jobs_supervisor.supervisor import CUT_SHORT
from tests.apps import basic
from tests.processes.test_deaths import slot_on
from tests.support.outage import outage
from tests.support.pool import Pool, Running, eventually


def has_lost(slot: Slot) -> bool:
    """Whether its job is done, and there is no database to tell."""
    return slot.job_id == 0 and slot.state is SlotState.CONNECTING


def finished(pool: Pool) -> list[tuple[str, int]]:
    with Connection.connect(pool.dsn) as connection:
        rows = connection.execute("SELECT state::text, attempt FROM jobs.finished").fetchall()
    return [(state, attempt) for state, attempt in rows]


def stop_in_an_outage(running: Running, slot: Slot, *, while_it_runs: bool) -> None:
    if not while_it_runs:
        eventually(lambda: has_lost(slot), 10, "it is done and cannot be stored")
    running.send(signal.SIGTERM)
    eventually(lambda: "stopping (SIGTERM)" in running.log, 5, "it is told to stop")


@pytest.mark.parametrize("while_it_runs", [True, False], ids=["running", "done"])
def test_an_outcome_is_stored_if_the_database_comes_back_in_time(
    pool: Pool, server_dsn: str, while_it_runs: bool
) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    submitted = basic.deep_sleep.submit(0.7)
    slot = slot_on(running, submitted.job_id)
    basic.jobs.close()
    with outage(server_dsn, pool.dsn):
        stop_in_an_outage(running, slot, while_it_runs=while_it_runs)
        eventually(lambda: slot.job_id == 0, 10, "it is done")
        eventually(lambda: "the database is away" in running.log, 10, "it was looked for")
        assert running.process.poll() is None
    began = time.monotonic()
    assert running.wait_exit(15) == 0
    assert time.monotonic() - began < 5
    assert finished(pool) == [("completed", 1)]


def test_an_outcome_that_cannot_be_stored_within_the_drain_is_given_up_and_said(
    pool: Pool, server_dsn: str
) -> None:
    running = pool.start("--drain", "1", app="tests.apps.basic", workers=1)
    submitted = basic.deep_sleep.submit(0.3)
    slot = slot_on(running, submitted.job_id)
    basic.jobs.close()
    with outage(server_dsn, pool.dsn):
        eventually(lambda: has_lost(slot), 10, "it is done and cannot be stored")
        began = time.monotonic()
        running.send(signal.SIGTERM)
        assert running.wait_exit(10) == CUT_SHORT
        assert 0.9 < time.monotonic() - began < 3.5
    successor = pool.start(app="tests.apps.basic", workers=1)
    assert submitted.wait(10).attempt == 2
    assert finished(pool) == [("completed", 2)]
    assert successor.stop() == 0


def test_a_worker_with_nothing_in_hand_does_not_wait_for_the_database(
    pool: Pool, server_dsn: str
) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    slot = running.slots.workers[0]
    first = slot.pid
    with outage(server_dsn, pool.dsn):
        os.kill(first, signal.SIGKILL)
        eventually(
            lambda: slot.pid not in (0, first) and slot.state is SlotState.CONNECTING,
            10,
            "another looks for the database",
        )
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 4
