"""The ticks that a schedule ought to have, by a look at every minute, or second, in turn."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jobs_runtime.schedule import Schedule

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

ZONES = [
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Santiago",
    "Asia/Beirut",
    "UTC",
]

EXPRESSIONS = [
    "*/15 * * * *",
    "7 */2 * * *",
    "30 2 * * *",
    "0,15,30,45 0,1,2,3 * * *",
    "30 0-3 * * *",
    "10-50/20 2 * * *",
    "0 0 * * *",
    "59 23 * * MON-FRI",
    "45 1 L * *",
    "0 3 * * SUN",
    "5 0 1,15,31 * 5",
    "30 2 * MAR,4,OCT-NOV 7#1",
    "15 0,1,23 * * 5L",
    "0 12 29 2 *",
]


class Moment(NamedTuple):
    instant: datetime
    wall: datetime


class Reader:
    """Tells whether a wall time shows what a cron expression of five fields or six names."""

    def __init__(self, expression: str) -> None:
        fields = expression.upper().split()
        *seconds, minute, hour, self.day, month, self.weekday = fields
        self.seconds = numbers(seconds[0] if seconds else "0", 0, 59)
        self.minutes = numbers(minute, 0, 59)
        self.hours = numbers(hour, 0, 23)
        self.months = numbers(month, 1, 12)
        self.interval = any(sign in minute + hour for sign in "*-/")
        self.day_fits = cache(self._day_fits)

    def shows(self, wall: datetime) -> bool:
        return (
            wall.minute in self.minutes
            and wall.hour in self.hours
            and wall.second in self.seconds
            and self.day_fits(wall.date())
        )

    def _day_fits(self, day: date) -> bool:
        length = calendar.monthrange(day.year, day.month)[1]
        if day.month not in self.months:
            return False
        of_month = any(
            day.day == length if part == "L" else day.day in numbers(part, 1, 31)
            for part in self.day.split(",")
        )
        of_week = False
        for part in self.weekday.split(","):
            name, _, nth = part.partition("#")
            last = name.endswith("L")
            named = {n % 7 for n in numbers(name.rstrip("L"), 0, 7 if name != "*" else 6)}
            of_week |= (
                day.isoweekday() % 7 in named
                and (not nth or day.day in range(7 * int(nth) - 6, 7 * int(nth) + 1))
                and (not last or day.day > length - 7)
            )
        if "*" in (self.day, self.weekday):
            return of_month and of_week
        return of_month or of_week


MONTHS = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
WEEKDAYS = {day: n for n, day in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}
NAMES = MONTHS | WEEKDAYS


def number(text: str) -> int:
    return NAMES[text] if text in NAMES else int(text)


def numbers(text: str, lowest: int, highest: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        body, slash, step = part.partition("/")
        low, dash, high = body.partition("-")
        first = lowest if low == "*" else number(low)
        last = number(high) if dash else highest if low == "*" or slash else first
        if last < first:  # FRI-SUN: the caller counts weekdays modulo 7
            last += 7
        found |= {n for n in range(first, last + 1) if (n - first) % int(step or 1) == 0}
    return found


def moments(zone: str, start: datetime, end: datetime, step: timedelta = MINUTE) -> list[Moment]:
    tz = ZoneInfo(zone)
    found: list[Moment] = []
    instant = start
    while instant < end:
        found.append(Moment(instant, instant.astimezone(tz).replace(tzinfo=None)))
        instant += step
    return found


def expected_ticks(
    reader: Reader, scan: list[Moment], step: timedelta = MINUTE
) -> Iterator[datetime]:
    """Look at the clock at every step.

    An interval fires whenever the clock shows one of its times. A fixed time is owed from the
    moment the clock first reaches it or jumps over it, and is paid then; what the clock shows after
    it was put back has been paid for already.
    """
    if reader.interval:
        yield from (moment.instant for moment in scan if reader.shows(moment.wall))
        return
    reached = scan[0].wall - step
    for instant, wall in scan:
        owed = False
        while reached < wall:
            reached += step
            owed = owed or reader.shows(reached)
        if owed:
            yield instant


def actual_ticks(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    tick = schedule.next_tick(start - SECOND)
    while tick < end:
        yield tick
        tick = schedule.next_tick(tick)


@cache
def changes(zone: str, first_year: int, last_year: int) -> list[datetime]:
    """The first UTC midnight after each change of the zone's clocks."""
    tz = ZoneInfo(zone)
    day, found = datetime(first_year, 1, 1, tzinfo=UTC), list[datetime]()
    while day.year <= last_year:
        following = day + timedelta(days=1)
        if day.astimezone(tz).utcoffset() != following.astimezone(tz).utcoffset():
            found.append(following)
        day = following
    return found


def compare(
    zone: str,
    expressions: list[str],
    start: datetime,
    end: datetime,
    step: timedelta = MINUTE,
) -> int:
    scan = moments(zone, start, end, step)
    compared = 0
    for expression in expressions:
        expected = list(expected_ticks(Reader(expression), scan, step))
        actual = list(actual_ticks(Schedule(expression, time_zone=zone), start, end))
        assert actual == expected, (expression, zone, start)
        compared += len(expected)
    return compared
