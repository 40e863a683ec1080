"""A worker that dies: how soon it is replaced, and what becomes of the jobs it held."""

from __future__ import annotations

import os
import re
import signal
import statistics
import time

import pytest

from jobs_runtime.database import Connection
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from tests.apps import basic, unruly
from tests.support.pool import Pool, Running, eventually

PERFORMED_AGAIN = 0.5
"""Seconds from the kill to the next attempt, in the median."""

CLAIMS_WAIT = """
CREATE FUNCTION jobs.wait() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN new; END';
CREATE TRIGGER wait BEFORE INSERT ON jobs.claim FOR EACH ROW EXECUTE FUNCTION jobs.wait()
"""
NOTHING_IS_STORED = """
CREATE FUNCTION jobs.refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$BEGIN RAISE 'not today'; END$$;
CREATE TRIGGER refuse BEFORE INSERT ON jobs.finished FOR EACH ROW EXECUTE FUNCTION jobs.refuse()
"""
ONE_WAITS = "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def slot_on(running: Running, job_id: str) -> Slot:
    """The slot that performs a job, once one does."""
    found: list[Slot] = []

    def performed() -> bool:
        found[:] = [slot for slot in running.slots.workers if slot.job_id == int(job_id)]
        return bool(found)

    eventually(performed, 10, f"somebody performs {job_id}")
    return found[0]


def finished(connection: Connection) -> list[tuple[str, str, int, int]]:
    rows = connection.execute("SELECT name, state::text, attempt, deaths FROM jobs.finished")
    return rows.fetchall()


@pytest.mark.measures
def test_a_killed_workers_job_is_soon_performed_again(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=2)
    performed: list[float] = []
    for _ in range(5):
        submitted = basic.deep_sleep.submit(0.3)
        slot = slot_on(running, submitted.job_id)
        victim = slot.pid
        began = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        eventually(
            lambda j=submitted.job_id: any(
                slot.job_id == int(j) and slot.attempt == 2 for slot in running.slots.workers
            ),
            5,
            "its job is performed again",
        )
        performed.append(time.monotonic() - began)
        assert submitted.result(10) not in (0, victim)
        record = submitted.details()
        assert (record.attempt, record.deaths) == (2, 1)
    assert statistics.median(performed) < PERFORMED_AGAIN


def test_only_the_guilty_job_is_charged_and_in_the_end_quarantined(
    pool: Pool, connection: Connection
) -> None:
    running = pool.start(app="tests.apps.unruly", workers=2)
    for submitted in unruly.fickle.submit_many([""] * 400):
        submitted.wait(10)
    kinds = [""] * 200
    kinds[100] = "SIGKILL"
    batch = unruly.fickle.submit_many(kinds)
    killer = batch[100].wait(20)
    eventually(lambda: len(finished(connection)) == 600, 10, "the jobs around it are performed")
    assert (killer.state, killer.attempt, killer.deaths) == ("failed", 3, 3)
    assert "killed by SIGKILL" in str(killer.output)
    others = [row for row in finished(connection) if row[1] == "completed"]
    assert others == [("fickle", "completed", 1, 0)] * 599
    assert sum(slot.restarts for slot in running.slots.workers) == 3
    assert unruly.well_behaved.submit().result(5)


def test_jobs_behind_one_that_kills_keep_flowing(pool: Pool, connection: Connection) -> None:
    running = pool.start(app="tests.apps.unruly", workers=1)
    poison = unruly.fickle.submit("SIGSEGV")
    behind = unruly.fickle.submit_many([""] * 50)
    began = time.monotonic()
    record = poison.wait(20)
    for submitted in behind:
        submitted.wait(20)
    assert time.monotonic() - began < 10
    assert (record.state, record.deaths) == ("failed", 3)
    assert "killed by SIGSEGV" in str(record.output)
    others = [row[1:] for row in finished(connection) if row[1] != "failed"]
    assert others == [("completed", 1, 0)] * 50
    assert running.slots.workers[0].restarts == 3
    assert "is quarantined" in running.log


def test_the_reason_of_a_death_is_told(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    submitted = basic.deep_sleep.submit(0.5)
    slot = slot_on(running, submitted.job_id)
    os.kill(slot.pid, signal.SIGKILL)
    assert submitted.result(10) == slot.pid
    assert (submitted.details().attempt, submitted.details().deaths) == (2, 1)
    wanted = (
        r"killed by SIGKILL(, possibly out of memory)?: \d+ MB resident, "
        rf"\d+\.\d s into deep_sleep #{submitted.job_id}"
    )
    assert re.fullmatch(wanted, slot.last_exit)
    assert re.search(rf"worker 1 \(pid \d+\) {wanted}", running.log)


@pytest.mark.measures
def test_an_idle_worker_that_is_killed_touches_no_job(pool: Pool, connection: Connection) -> None:
    running = pool.start(app="tests.apps.basic", workers=2)
    slot = running.slots.workers[0]
    victim = slot.pid
    os.kill(victim, signal.SIGKILL)
    eventually(
        lambda: slot.pid not in (0, victim) and slot.state is SlotState.IDLE, 1, "it is replaced"
    )
    assert slot.restarts == 1
    assert finished(connection) == []
    assert basic.double.submit(4).result(5) == 8


def test_all_workers_killed_at_once(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=4)
    submitted = [basic.deep_sleep.submit(1.5) for _ in range(4)]
    slots = [slot_on(running, each.job_id) for each in submitted]
    for slot in slots:
        os.kill(slot.pid, signal.SIGKILL)
    began = time.monotonic()
    for each in submitted:
        each.result(10)
        assert (each.details().attempt, each.details().deaths) == (2, 1)
    assert time.monotonic() - began < 5
    states = [slot.state for slot in running.slots.workers if slot.in_use]
    assert len(states) == 4
    assert all(state >= SlotState.IDLE for state in states)


@pytest.mark.measures
def test_what_is_claimed_for_a_worker_after_its_death_is_soon_performed(
    pool: Pool, connection: Connection
) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    slot = running.slots.workers[0]
    victim = slot.pid
    connection.execute(CLAIMS_WAIT, prepare=False)
    connection.execute("SELECT pg_advisory_lock(4711)")
    submitted = basic.double.submit(2)
    eventually(lambda: connection.execute(ONE_WAITS).fetchone() == (True,), 5, "it claims")
    os.kill(victim, signal.SIGKILL)
    eventually(
        lambda: slot.pid not in (0, victim) and slot.state is SlotState.IDLE, 2, "it is replaced"
    )
    connection.execute("SELECT pg_advisory_unlock(4711)")
    began = time.monotonic()
    assert submitted.result(10) == 4
    assert time.monotonic() - began < 3
    assert finished(connection) == [("double", "completed", 1, 0)]


def test_outcomes_that_cannot_be_stored_are_not_made_all_the_time(
    pool: Pool, connection: Connection
) -> None:
    connection.execute(NOTHING_IS_STORED, prepare=False)
    running = pool.start(app="tests.apps.basic", workers=1)
    began = time.monotonic()
    submitted = basic.double.submit(21)
    slot = running.slots.workers[0]
    eventually(lambda: slot.restarts >= 5, 20, "its worker fails again and again")
    assert time.monotonic() - began > 0.5  # after 0, 0.1, 0.2 and 0.4 s, less a fifth
    connection.execute("DROP TRIGGER refuse ON jobs.finished")
    assert submitted.result(20) == 42
    assert running.stop() == 0
    pool.forgive(running)
