"""The leader's: fires pg-boss's schedules when their ticks come, each once whoever else does.

On the database's clock, and with ticks that nobody fired made up for: a Node goes by its own clock,
and forgets what it missed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Set
from datetime import datetime, timedelta

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.errors import OptionError, ScheduleError
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import cron
from jobs_runtime.executors.pgboss.cron import SharedSchedule
from jobs_runtime.executors.pgboss.send_options import from_node
from jobs_runtime.model import Submission
from jobs_runtime.options import Options, merge
from jobs_runtime.schedule import Schedule
from jobs_supervisor.counters import Row
from jobs_supervisor.scheduler.cron import READ_EVERY
from jobs_supervisor.scheduler.duty import AFTER_FAILURE, Duty, is_lost
from jobs_supervisor.scheduler.firings import Firings
from jobs_supervisor.scheduler.shared_tables import SharedTables

logger = logging.getLogger(__name__)

TRIES = 3
"""A singleton's holder may come or go while it is submitted: so often it is tried."""


class PgBossCron(Duty):
    """Submits the job of each tick.

    Ticks missed are made up for as declared here; those of a schedule that Node made are, the
    newest, if one of our applications performs its job, else they are dropped as Node would. Of
    those from before what pg-boss keeps nobody knows whether a Node fired them: they are, too.

    Args:
        row: where it counts.
        tables: which.
    """

    def __init__(self, row: Row, tables: SharedTables) -> None:
        super().__init__()
        self._tables = tables
        self._names: Set[str] = {job.name for job in tables.jobs}
        self._firings = Firings(row, self._names)
        kept = tables.keeping.finished + tables.keeping.archived
        self._remembered = timedelta(seconds=kept)
        self._passed_over: set[tuple[str, str, str | None]] = set()

    def perform(self, connection: Connection, now: float) -> float:
        """Fire what is due; gives the time of the next tick."""
        asked_at = time.monotonic()
        next_at = asked_at + READ_EVERY
        if not self._tables.are_ours(connection):
            return next_at
        run(connection, cron.remember(self._tables.schema))
        for record in run(connection, cron.schedules(self._tables.schema)):
            try:
                schedule, options = self._read(record)
            except (ScheduleError, OptionError) as error:
                self._pass_over(record, str(error))
                continue
            try:
                self._fire_due(connection, record, schedule, options)
            except psycopg.Error as error:
                if is_lost(connection, error):
                    raise
                logger.error("the schedule of %s failed: %s", record.name, str(error).strip())
                next_at = min(next_at, asked_at + AFTER_FAILURE)
                continue
            until_tick = schedule.next_tick(record.now) - record.now
            next_at = min(next_at, asked_at + until_tick / timedelta(seconds=1))
        return next_at

    def _read(self, record: SharedSchedule) -> tuple[Schedule, Options]:
        missed = record.missed or ("latest" if record.name in self._names else "skip")
        schedule = cron.as_schedule(
            record.cron, record.time_zone, missed=missed, missed_limit=record.missed_limit
        )
        return schedule, merge(self._tables.defaults, from_node(record.send_options))

    def _fire_due(
        self, connection: Connection, record: SharedSchedule, schedule: Schedule, options: Options
    ) -> None:
        due = schedule.ticks_due(record.last_tick, record.now)
        ticks = [tick for tick in due.ticks if tick > record.now - self._remembered]
        for tick in ticks:
            if self._fire(connection, record, schedule, options, tick):
                self._firings.fired(record.name, tick, record.now)
        dropped = due.dropped + len(due.ticks) - len(ticks)
        if dropped and record.name in self._names:
            logger.warning("%s missed %d ticks, not made up for", record.name, dropped)
            self._firings.missed(record.name, dropped)
        if ticks or dropped:
            latest = ticks[-1] if ticks else record.now
            run(connection, cron.dealt_with(self._tables.schema, record.name, latest))

    def _fire(
        self,
        connection: Connection,
        record: SharedSchedule,
        schedule: Schedule,
        options: Options,
        tick: datetime,
    ) -> bool:
        """The slot and the job in one transaction; gives whether the slot was free.

        Raises:
            psycopg.errors.UniqueViolation: others came and went in the way; nothing was done.
        """
        submission = Submission(record.name, record.name, record.data, options)
        with connection.transaction():
            slot = cron.slot(schedule, tick)
            if not run(connection, cron.fire(self._tables.schema, record.name, slot)):
                return False
            for _ in range(TRIES):
                if run(connection, self._tables.client.submit(submission)):
                    return True
            raise psycopg.errors.UniqueViolation(f"{record.name} cannot be submitted")

    def _pass_over(self, record: SharedSchedule, why: str) -> None:
        """Say once what is wrong with a schedule."""
        what = (record.name, record.cron, record.options)
        if what not in self._passed_over:
            self._passed_over.add(what)
            logger.error("the schedule of %s is passed over: %s", record.name, why)
