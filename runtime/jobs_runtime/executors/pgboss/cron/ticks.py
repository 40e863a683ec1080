"""Cron expressions as pg-boss reads them, and the minute in which it would fire a tick: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jobs_runtime.cron import SECOND, parse
from jobs_runtime.schedule import Schedule

FIELDS = 5
"""Of an expression without seconds; of one with them, too, pg-boss fires once a minute at most."""

LOOK_BACK = timedelta(minutes=10)
"""A Node whose clock is fast by less fires ticks early: such a tick is not fired again."""

MINUTE = timedelta(minutes=1)


class Slot(NamedTuple):
    """The time slot of a tick: times of UTC without a zone, as pg-boss keeps them.

    Attributes:
        minute: in which pg-boss would fire it.
        after: a row of this schedule in a slot after this one, up to `minute`, fired it.
    """

    minute: datetime
    after: datetime


def expression(cron: str) -> str:
    """Our form of a cron expression of pg-boss, which fills up missing fields from the left."""
    fields = ["*" if field == "?" else field for field in cron.split()]
    if cron.lstrip().startswith("@"):
        return cron.strip()
    return " ".join(["*"] * (FIELDS - len(fields)) + fields)


def as_schedule(cron: str, time_zone: str, *, missed: str, missed_limit: int) -> Schedule:
    """What a row of pg-boss's table `schedule` says.

    Raises:
        ScheduleError: the expression or the zone cannot be read.
    """
    return Schedule(
        expression(cron),
        time_zone=time_zone,
        missed=missed,  # pyright: ignore[reportArgumentType]
        missed_limit=missed_limit,
    )


def slot(schedule: Schedule, tick: datetime) -> Slot:
    """Find the slot of a tick, given in UTC."""
    minute = _as_node_fires(schedule, tick)
    previous = tick - LOOK_BACK
    after = previous
    while (following := schedule.next_tick(previous)) < tick:
        previous = after = following
    return Slot(_minute(minute), min(_minute(after), _minute(minute) - MINUTE))


def _as_node_fires(schedule: Schedule, tick: datetime) -> datetime:
    """The instant at which pg-boss fires what we call a tick.

    A time of day that the clocks skip is fired by us right after the gap, by pg-boss as much later
    as it lies behind the gap's beginning.
    """
    cron, zone = parse(schedule.cron), ZoneInfo(schedule.time_zone)
    wall = tick.astimezone(zone).replace(tzinfo=None)
    if cron.first(wall) == wall:
        return tick
    before = (tick - SECOND).astimezone(zone).replace(tzinfo=None) + SECOND
    skipped = cron.first(before)
    return tick if skipped is None else tick + (skipped - before)


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0)
