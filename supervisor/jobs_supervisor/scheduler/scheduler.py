"""A scheduler's loop: it sleeps until a duty is due, somebody notifies, or a worker has died."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.mixed import MixedExecutor
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_runtime.executors.protocol import WorkerExecutor
from jobs_runtime.job import Job
from jobs_supervisor import metrics
from jobs_supervisor.child import end_group
from jobs_supervisor.counters import Row
from jobs_supervisor.liveness import is_running
from jobs_supervisor.obituary import Obituary, ObituaryPipe, Verdict
from jobs_supervisor.scheduler.cron import Cron
from jobs_supervisor.scheduler.due import DueJobs
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.scheduler.expiry import Expiry
from jobs_supervisor.scheduler.heartbeat import Heartbeat
from jobs_supervisor.scheduler.leadership import Leadership
from jobs_supervisor.scheduler.leases import Leases
from jobs_supervisor.scheduler.listening import Listening
from jobs_supervisor.scheduler.neighbours import Neighbours
from jobs_supervisor.scheduler.pgboss_cron import PgBossCron
from jobs_supervisor.scheduler.pgboss_maintenance import PgBossMaintenance
from jobs_supervisor.scheduler.rescue import HostRescue, LocalReconciliation, Rescue
from jobs_supervisor.scheduler.retention import Retention
from jobs_supervisor.scheduler.shared_tables import SharedTables
from jobs_supervisor.signals import SignalInbox
from jobs_supervisor.slots import Slot, SlotState
from jobs_supervisor.wake import WakePipe

logger = logging.getLogger(__name__)

RECONNECT_EVERY = 0.5
"""Seconds between two tries to connect."""

COMPLAIN_EVERY = 10.0
"""While the database is away, one line in so many seconds says so."""


@dataclass(frozen=True, slots=True)
class Post:
    """What a scheduler is given to work with.

    Attributes:
        dsn: must reach the server itself, not a pooler in transaction mode.
        retention_days: whole days of history to keep.
        drain: seconds that workers have to end if the supervisor was killed.
        shared: the tables of a pg-boss; None if no job is kept there.
    """

    dsn: str
    record: SupervisorRecord
    jobs: Mapping[str, Job[Any, Any]]
    executor: WorkerExecutor
    workers: Sequence[Slot]
    wake_pipe: WakePipe
    obituaries: ObituaryPipe
    retention_days: int
    drain: float
    shared: SharedTables | None = None


class Scheduler:
    """One scheduler process.

    Args:
        post: what to work on.
        slot: its place.
        row: its row of metrics.
    """

    def __init__(self, post: Post, slot: Slot, row: Row) -> None:
        self._post = post
        self._slot = slot
        self._row = row
        self._parent = os.getppid()
        self._signals = SignalInbox([signal.SIGTERM])
        self._connection: Connection | None = None
        self._complained_at = float("-inf")
        self._mourned: list[Obituary] = []
        self._leadership = Leadership(post.dsn, row)
        self._rescue = Rescue(row, list(post.jobs))
        self._reconciliation = LocalReconciliation(self._rescue, post.record.id, post.workers)
        self._due = DueJobs()
        self._cron = Cron(row, list(post.jobs))
        queues = {job.queue for job in post.jobs.values()}
        self._listening = Listening(
            post.executor, sorted(queues), post.workers, post.wake_pipe, self._look_for
        )
        self._heartbeat = Heartbeat(post.record, list(post.workers), row, self._wake_all)
        self._duties: list[Duty] = [
            self._heartbeat,
            self._listening,
            self._reconciliation,
            self._due,
            self._cron,
            Neighbours(self._rescue, post.record.id, post.record.place),
            HostRescue(self._rescue, logger.warning),
            Expiry(),
            Retention(post.retention_days),
        ]
        if isinstance(post.executor, MixedExecutor):
            self._duties.append(Leases(post.executor.leases[0], post.workers))
        if post.shared is not None and post.shared.maintained:
            self._duties += [PgBossCron(row, post.shared), PgBossMaintenance(post.shared)]

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
        self._mourned += self._post.obituaries.read()
        while self._mourned:
            self._rescue.settle(connection, self._mourned[0])
            del self._mourned[0]
        now = time.monotonic()
        if now >= self._leadership.due_at:
            self._leadership.look(now)
        duties = [d for d in self._duties if self._leadership.leading or not d.leader_only]
        for duty in duties:
            if now >= duty.due_at:
                duty.due_at = duty.perform(connection, now)
        self._listening.heed(connection)
        next_at = min(self._leadership.due_at, *(duty.due_at for duty in duties))
        timeout = next_at - time.monotonic()
        descriptors = (connection.fileno(), self._post.obituaries.reader)
        if connection.fileno() in self._signals.wait(timeout, *descriptors):
            self._listening.heed(connection)

    def _connect(self) -> Connection:
        connection = connect(self._post.dsn, "jobs: scheduler")
        self._heartbeat.announce(connection)
        timetable = PostgresExecutor.timetable
        for job in self._post.jobs.values():
            for schedule in job.schedules if job.executor.name == PostgresExecutor.name else ():
                run(connection, timetable.write(job, schedule, declared=True))
            if job.limits:
                run(connection, upkeep.limit_waiting(job.queue))
        if self._post.shared is not None:
            self._post.shared.announce(connection)
        self._listening.begin(connection)
        self._connection = connection
        self._slot.enter(SlotState.IDLE)
        return connection

    def _disconnect(self, error: psycopg.Error) -> None:
        now = time.monotonic()
        if now - self._complained_at >= COMPLAIN_EVERY:
            logger.warning("the scheduler has lost the database: %s", str(error).strip())
            self._complained_at = now
        self._row.add(metrics.RECONNECTS)
        self._leadership.resign()
        self._slot.enter(SlotState.CONNECTING)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._signals.wait(RECONNECT_EVERY)

    def _look_for(self, what: str) -> None:
        duty = self._due if what == "due" else self._cron
        duty.due_at = 0.0

    def _wake_all(self) -> None:
        self._post.wake_pipe.wake(len(self._post.workers))

    def _finish(self) -> None:
        """Settle what is left once no worker lives, and say goodbye."""
        self._slot.enter(SlotState.DRAINING)
        if os.getppid() == self._parent and self._living():
            return
        self._see_workers_out()
        try:
            connection = self._connection or self._connect()
            for obituary in (*self._mourned, *self._post.obituaries.read(), *self._cut_short()):
                self._rescue.settle(connection, obituary)
            self._reconciliation.settle_all(connection)
            run(connection, upkeep.unregister_supervisor(self._post.record.id))
            connection.close()
        except psycopg.Error as error:
            logger.warning("could not say goodbye to the database: %s", str(error).strip())
        self._leadership.resign()

    def _see_workers_out(self) -> None:
        """If the supervisor was killed, nobody else limits how long its workers go on."""
        ends = time.monotonic() + self._post.drain
        while self._living() and time.monotonic() < ends:
            time.sleep(0.05)
        for slot in self._living():
            logger.warning("%s (pid %d) outlived its supervisor: killed", slot.title, slot.pid)
            os.kill(slot.pid, signal.SIGKILL)
            end_group(slot.pid)

    def _cut_short(self) -> list[Obituary]:
        """What workers were on whose end no supervisor saw; the jobs are innocent of it."""
        return [
            Obituary(slot.index, slot.incarnation, slot.job_id, 0.0, Verdict.RELEASED, "")
            for slot in self._post.workers
            if slot.pid and slot.incarnation
        ]

    def _living(self) -> list[Slot]:
        return [slot for slot in self._post.workers if is_running(slot.pid)]
