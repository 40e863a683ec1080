"""A scheduler's loop: it sleeps until a duty is due, somebody notifies, or a worker has died."""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import suppress

import psycopg

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.mixed import MixedExecutor
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_supervisor import metrics
from jobs_supervisor.counters import Row
from jobs_supervisor.forked import end_group
from jobs_supervisor.liveness import is_running
from jobs_supervisor.obituary import Obituary, Verdict
from jobs_supervisor.scheduler.assignment import SchedulerAssignment
from jobs_supervisor.scheduler.claims import ClaimRecords
from jobs_supervisor.scheduler.cron import Cron
from jobs_supervisor.scheduler.declaring import Declaring
from jobs_supervisor.scheduler.due import DueJobs
from jobs_supervisor.scheduler.duty import Duties, Duty
from jobs_supervisor.scheduler.expiry import Expiry
from jobs_supervisor.scheduler.heartbeat import Heartbeat
from jobs_supervisor.scheduler.leadership import GIVES_UP_AFTER, MAIN, STATEMENT_TIMEOUT, Leadership
from jobs_supervisor.scheduler.leases import Leases
from jobs_supervisor.scheduler.limiting import Limiting
from jobs_supervisor.scheduler.listening import Listening
from jobs_supervisor.scheduler.neighbours import Neighbours
from jobs_supervisor.scheduler.pgboss_cron import PgBossCron
from jobs_supervisor.scheduler.pgboss_maintenance import PgBossMaintenance
from jobs_supervisor.scheduler.rescue import HostRescue, LocalReconciliation, Rescue
from jobs_supervisor.scheduler.retention import Retention
from jobs_supervisor.scheduler.shared_tables import begin_with_pg_boss
from jobs_supervisor.scheduler.strays import Strays
from jobs_supervisor.scheduler.unhandled import Unhandled
from jobs_supervisor.signals import SignalInbox
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot

logger = logging.getLogger(__name__)

RECONNECT_EVERY = 0.5
"""Seconds between two tries to connect."""

COMPLAIN_EVERY = 10.0
"""While the database is away, one line in so many seconds says so."""


class Scheduler:
    """One scheduler process.

    Args:
        assignment: what to work on.
        slot: its place.
        row: its row of metrics.
    """

    def __init__(self, assignment: SchedulerAssignment, slot: Slot, row: Row) -> None:
        self._assignment = assignment
        self._slot = slot
        self._row = row
        self._parent = os.getppid()
        self._signals = SignalInbox([signal.SIGTERM])
        self._connection: Connection | None = None
        self._complained_at = float("-inf")
        self._mourned: list[Obituary] = []
        self._rescue = Rescue(row, list(assignment.jobs))
        self._reconciliation = LocalReconciliation(
            self._rescue, assignment.record.id, assignment.workers
        )
        self._strays = Strays(self._rescue)
        self._due = DueJobs()
        self._cron = Cron(row, list(assignment.jobs))
        self._listening = Listening(
            assignment.executor,
            sorted(assignment.queues),
            assignment.workers,
            assignment.wake_pipe,
            self._look_for,
        )
        self._heartbeat = Heartbeat(
            assignment.record, list(assignment.workers), assignment.pulse, row, self._wake_all
        )
        self._own_duties = Duties(self._duties_of_each())
        self._leaders_duties = self._duties_of_leaders()
        self._leadership = Leadership(assignment.dsn, row, tuple(self._leaders_duties))

    def _duties_of_each(self) -> list[Duty]:
        assignment = self._assignment
        duties: list[Duty] = [
            self._heartbeat,
            self._listening,
            Declaring(assignment.record.id, assignment.jobs),
            Limiting(assignment.jobs),
            self._reconciliation,
            self._strays,
            Neighbours(self._rescue, assignment.record.id, assignment.record.place),
            Unhandled(self._slot),
        ]
        if isinstance(assignment.executor, MixedExecutor):
            duties.append(Leases(assignment.executor.leases[0], assignment.workers))
        return duties

    def _duties_of_leaders(self) -> dict[str, Duties]:
        """By the lock that goes with them."""
        heartbeat, shared = self._heartbeat, self._assignment.shared
        hosts = HostRescue(
            self._rescue,
            self._assignment.record.id,
            lambda: heartbeat.steady_since,
            logger.warning,
        )
        retention = Retention(self._assignment.retention_days)
        ours = [self._due, self._cron, hosts, Expiry(), ClaimRecords(), retention]
        if shared is None or not shared.maintained:
            return {MAIN: Duties(ours)}
        theirs = [PgBossCron(self._row, shared), PgBossMaintenance(shared)]
        return {MAIN: Duties(ours), shared.title: Duties(theirs)}

    def run(self) -> int:
        """Work until told to stop; gives the exit code."""
        self._slot.enter(SlotState.CONNECTING)
        while not any(self._signals.received()):
            try:
                self._turn()
            except psycopg.Error as error:
                self._disconnect(error)
        self._finish()
        return 0

    def _turn(self) -> None:
        connection = self._connection or self._connect()
        self._mourned += self._assignment.obituaries.read()
        while self._mourned:
            self._rescue.bury(connection, self._mourned[0])
            self._strays.expect(self._mourned.pop(0).incarnation, time.monotonic())
        now = time.monotonic()
        self._own_duties.perform(connection, now)
        lead_at = self._lead(now)
        self._listening.heed(connection)
        timeout = min(self._own_duties.next_at, lead_at) - time.monotonic()
        descriptors = (connection.fileno(), self._assignment.obituaries.reader)
        if connection.fileno() in self._signals.wait(timeout, *descriptors):
            self._listening.heed(connection)

    def _lead(self, now: float) -> float:
        """Do what is the leader's, as far as this is the leader; gives when to look again."""
        leadership, led = self._leadership, self._leadership.led
        if now >= leadership.due_at:
            leadership.look(now)
        connection = leadership.connection
        if connection is None:
            return leadership.due_at
        for what in leadership.led - led:
            self._leaders_duties[what].begin()
        mine = [self._leaders_duties[what] for what in leadership.led]
        try:
            for duties in mine:
                duties.perform(connection, now)
        except psycopg.Error as error:
            leadership.lose(error)
        return min(leadership.due_at, *(duties.next_at for duties in mine))

    def _connect(self) -> Connection:
        connection = connect(
            self._assignment.dsn, "jobs: scheduler", tcp_user_timeout=GIVES_UP_AFTER
        )
        try:
            self._begin(connection)
        except psycopg.Error:
            connection.close()
            raise
        self._connection = connection
        self._slot.enter(SlotState.IDLE)
        return connection

    def _begin(self, connection: Connection) -> None:
        connection.execute(STATEMENT_TIMEOUT, prepare=False)
        self._heartbeat.announce(connection)
        begin_with_pg_boss(
            connection, self._assignment.executor, self._assignment.shared, self._assignment.app
        )
        self._listening.begin(connection)
        self._own_duties.begin()
        self._own_duties.perform(connection, time.monotonic())

    def _disconnect(self, error: psycopg.Error) -> None:
        now = time.monotonic()
        if now - self._complained_at >= COMPLAIN_EVERY:
            logger.warning("the scheduler has lost the database: %s", str(error).strip())
            self._complained_at = now
        self._row.add(metrics.RECONNECTS)
        self._leadership.close()
        self._slot.enter(SlotState.CONNECTING)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._signals.wait(RECONNECT_EVERY)

    def _look_for(self, what: str) -> None:
        match what:
            case "leadership":
                self._leadership.due_at = 0.0
            case "due":
                self._due.due_at = 0.0
            case _:
                self._cron.due_at = 0.0

    def _wake_all(self) -> None:
        self._assignment.wake_pipe.wake(len(self._assignment.workers))

    def _finish(self) -> None:
        """Settle what is left once no worker lives, and say goodbye."""
        self._slot.enter(SlotState.DRAINING)
        self._leadership.resign()
        if os.getppid() == self._parent and self._living():
            return
        self._see_workers_out()
        try:
            connection = self._connection or self._connect()
            for obituary in (
                *self._mourned,
                *self._assignment.obituaries.read(),
                *self._cut_short(),
            ):
                self._rescue.settle(connection, obituary)
            self._reconciliation.settle_all(connection)
            run(connection, upkeep.unregister_supervisor(self._assignment.record.id))
            connection.close()
        except psycopg.Error as error:
            logger.warning("could not say goodbye to the database: %s", str(error).strip())

    def _see_workers_out(self) -> None:
        """If the supervisor was killed, nobody else limits how long its workers go on."""
        ends = time.monotonic() + self._assignment.drain
        while self._living() and time.monotonic() < ends:
            self._beat()
            time.sleep(0.05)
        for slot in self._living():
            logger.warning("%s (pid %d) outlived its supervisor: killed", slot.title, slot.pid)
            with suppress(ProcessLookupError):
                os.kill(slot.pid, signal.SIGKILL)
            end_group(slot.pid)

    def _beat(self) -> None:
        """Others are not to take this host for dead while its workers go on."""
        now = time.monotonic()
        if now < self._heartbeat.due_at:
            return
        try:
            connection = self._connection or self._connect()
            self._heartbeat.due_at = self._heartbeat.perform(connection, now)
        except psycopg.Error as error:
            self._disconnect(error)

    def _cut_short(self) -> list[Obituary]:
        """What workers were on whose end no supervisor saw; the jobs are innocent of it."""
        return [
            Obituary(slot.index, slot.incarnation, slot.job_id, 0.0, Verdict.RELEASED, "")
            for slot in self._assignment.workers
            if slot.pid and slot.incarnation
        ]

    def _living(self) -> list[Slot]:
        return [slot for slot in self._assignment.workers if is_running(slot.pid)]
