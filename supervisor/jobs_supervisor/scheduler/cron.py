"""The leader's: fires schedules when their ticks come, on the database's clock."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.errors import ScheduleError
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.executors.postgres.upkeep import LiveSchedule
from jobs_runtime.schedule import Schedule
from jobs_supervisor.counters import Row
from jobs_supervisor.scheduler.duty import Duty, is_lost
from jobs_supervisor.scheduler.firings import Firings

logger = logging.getLogger(__name__)

READ_EVERY = 5.0
"""The longest time between two readings of the schedules, in seconds."""

AT_A_TIME = 1.0
"""Seconds spent on ticks before others have their turn: thousands may have been missed."""

MOMENT = timedelta(microseconds=1)


class Cron(Duty):
    """Submits the job of each tick; a tick's unique row makes a second time do nothing.

    Args:
        row: where it counts.
        jobs: the names of the declared jobs, which metrics are kept for.
    """

    def __init__(self, row: Row, jobs: list[str]) -> None:
        super().__init__()
        self._firings = Firings(row, jobs)

    def perform(self, connection: Connection, now: float) -> float:
        """Fire what is due; gives the time of the next tick."""
        asked_at = time.monotonic()
        next_at = asked_at + READ_EVERY
        for record in run(connection, upkeep.schedules()):
            schedule = _schedule(record)
            if schedule is None:
                continue
            if not self._fire_due(connection, record, schedule, asked_at + AT_A_TIME):
                return asked_at
            until_tick = schedule.next_tick(record.now) - record.now
            next_at = min(next_at, asked_at + until_tick / timedelta(seconds=1))
        return next_at

    def _fire_due(
        self, connection: Connection, record: LiveSchedule, schedule: Schedule, ends: float
    ) -> bool:
        """Gives whether there was time for it all; one that cannot be fired holds up no other."""
        try:
            for tick in self._ticks_due(connection, record, schedule):
                if time.monotonic() > ends:
                    return False
                self._fire(connection, record, tick)
        except psycopg.Error as error:
            if is_lost(connection, error):
                raise
            logger.error("the schedule %s cannot be fired: %s", record.key, str(error).strip())
        return True

    def _ticks_due(
        self, connection: Connection, record: LiveSchedule, schedule: Schedule
    ) -> Sequence[datetime]:
        """The ticks to fire; those before them are passed over."""
        due = schedule.ticks_due(record.last_tick, record.now)
        if due.dropped:
            logger.warning("%s missed %d ticks, not made up for", record.key, due.dropped)
            self._firings.missed(record.name, due.dropped)
            first = due.ticks[0] - MOMENT if due.ticks else record.now
            run(connection, upkeep.skip_ticks(record.key, first))
        return due.ticks

    def _fire(self, connection: Connection, record: LiveSchedule, tick: datetime) -> None:
        if run(connection, upkeep.fire(record.key, tick)):
            self._firings.fired(record.name, tick, record.now)


def _schedule(record: LiveSchedule) -> Schedule | None:
    try:
        return Schedule(
            record.cron,
            time_zone=record.time_zone,
            missed=record.missed,  # pyright: ignore[reportArgumentType]
            missed_limit=record.missed_limit,
        )
    except ScheduleError as error:
        logger.error("the schedule %s is passed over: %s", record.key, error)
        return None
