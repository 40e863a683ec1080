"""Heartbeats: what workers and others conclude from them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_supervisor.counters import Counters, Layout, Row
from jobs_supervisor.pulse import SILENT_AFTER, Pulse
from jobs_supervisor.scheduler.heartbeat import LATE, Heartbeat
from jobs_supervisor.scheduler.rescue import (
    STALE_AFTER,
    HostRescue,
    LocalReconciliation,
    Rescue,
)
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slotmap import SlotMap
from tests.integration.shop import Shop, Worker, number, register

PASS_FIVE_MINUTES = "UPDATE jobs.supervisor SET beat_at = beat_at - interval '5 minutes'"
SUPERVISORS = "SELECT count(*) FROM jobs.supervisor"


class Host:
    """One supervisor's heartbeat."""

    def __init__(self) -> None:
        slots = SharedMemory.create(SlotMap.size_of(1))
        layout = Layout([])
        counters = Counters(SharedMemory.create(Counters.size_of(layout, 1)), layout, 1)
        self.row: Row = counters.row(0)
        self.workers = SlotMap(slots, 1, ()).workers
        self.pulse = Pulse(slots)
        self.woken = 0
        record = SupervisorRecord("mine", "host", "place", 1, 1, [], [])
        self.heartbeat = Heartbeat(record, self.workers, self.pulse, self.row, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def rescue(self, tell: Callable[[str], None]) -> HostRescue:
        return HostRescue(Rescue(self.row, []), "mine", lambda: self.heartbeat.steady_since, tell)


@pytest.fixture
def host(connection: Connection) -> Host:
    host = Host()
    host.heartbeat.announce(connection)
    return host


def test_a_worker_waits_for_a_first_heartbeat_and_misses_later_ones(
    host: Host, connection: Connection
) -> None:
    now = time.monotonic()
    fresh = Host()
    assert not fresh.pulse.is_silent(now, since=now - SILENT_AFTER + 1)
    assert fresh.pulse.is_silent(now, since=now - SILENT_AFTER - 1)
    assert not host.pulse.is_silent(now, since=0.0)
    assert host.pulse.is_silent(now + SILENT_AFTER + 1, since=0.0)
    host.heartbeat.perform(connection, now)
    assert not host.pulse.is_silent(time.monotonic() + SILENT_AFTER - 1, since=0.0)


def test_workers_fall_silent_before_others_take_over() -> None:
    assert SILENT_AFTER + LATE / 2 <= STALE_AFTER


def test_a_gap_begins_a_new_time_of_being_heard(
    host: Host, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = host.heartbeat.steady_since
    assert host.woken == 1
    host.heartbeat.perform(connection, 0.0)
    assert (host.heartbeat.steady_since, host.woken) == (since, 1)
    later = time.monotonic() + LATE + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    host.heartbeat.perform(connection, 0.0)
    assert (host.heartbeat.steady_since, host.woken) == (later, 2)


def test_when_all_were_silent_nobody_is_given_up(
    host: Host, shop: Shop, connection: Connection
) -> None:
    register(connection, "other")
    worker = Worker(connection, "other")
    shop.double.submit(1)
    worker.claim_one()
    told: list[str] = []
    rescue = host.rescue(told.append)
    connection.execute(PASS_FIVE_MINUTES)
    host.heartbeat.perform(connection, 0.0)
    rescue.perform(connection, time.monotonic() + STALE_AFTER - 1)
    assert (told, number(connection, SUPERVISORS)) == ([], 2)
    assert number(connection, "SELECT count(*) FROM jobs.job WHERE claimed_by IS NOT NULL") == 1
    rescue.perform(connection, time.monotonic() + STALE_AFTER + 1)
    assert told == ["supervisor other has been silent for 20 s"]
    assert number(connection, SUPERVISORS) == 1


def test_a_clock_that_jumps_ahead_kills_nobody(host: Host, connection: Connection) -> None:
    register(connection, "other")
    told: list[str] = []
    rescue = host.rescue(told.append)
    later = time.monotonic() + STALE_AFTER + 1
    connection.execute(PASS_FIVE_MINUTES)
    rescue.perform(connection, later)
    host.heartbeat.perform(connection, 0.0)
    rescue.perform(connection, host.heartbeat.steady_since + STALE_AFTER - 1)
    run(connection, upkeep.heartbeat("other", idle=True, workers=1))
    rescue.perform(connection, later)
    assert (told, number(connection, SUPERVISORS)) == ([], 2)


def test_one_that_was_given_up_registers_again(host: Host, connection: Connection) -> None:
    run(connection, upkeep.unregister_supervisor("mine"))
    host.heartbeat.announce(connection)  # as after a new connection
    assert number(connection, SUPERVISORS) == 1


def test_workers_whose_incarnations_were_given_up_are_replaced(
    host: Host, connection: Connection
) -> None:
    rescue, (slot,) = Rescue(host.row, []), host.workers
    reconciliation = LocalReconciliation(rescue, "mine", host.workers)
    reconciliation.perform(connection, 0.0)  # a worker that boots has none
    worker = Worker(connection, "mine")
    slot.begin_incarnation(worker.incarnation)
    reconciliation.perform(connection, 0.0)
    assert not slot.replace
    rescue.settle_unknown(connection, worker.incarnation)
    reconciliation.perform(connection, 0.0)
    assert slot.replace


def test_it_says_how_many_workers_there_are_once_all_have_been_there(
    host: Host, connection: Connection
) -> None:
    told: list[int] = []
    for wanted in (False, True, False):
        host.workers[0].wanted = wanted
        host.heartbeat.perform(connection, time.monotonic())
        told.append(number(connection, "SELECT workers FROM jobs.supervisor"))
    assert told == [1, 1, 0]
