"""A cron expression, and the instants it names in a time zone.

croniter reads the single terms of an expression: names, steps, `#`. Which instants they make is
worked out here, because croniter 7 repeats fixed times when clocks go back, takes `5-5` for every
value, and combines a day of the month and `1#2` by "and".

Times are naive `datetime`s of two kinds: an *instant* is UTC, a *wall* time is what a clock in the
time zone shows.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from jobs_runtime.errors import ScheduleError

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

CALENDAR_CYCLE = 400
"""Years after which the Gregorian calendar repeats: a day not found in them never comes."""

LAST_YEAR = 9998
"""No tick is looked for beyond, so that no sum of times exceeds `datetime.max`."""


@dataclass(frozen=True, slots=True, eq=False)
class Cron:
    """A parsed cron expression.

    Attributes:
        text: the expression as it was written.
        fixed: whether it names times of the day (hour and minute are numbers or lists of them)
            rather than an interval (`*`, a range or a step in the hour or the minute).
        hours: in ascending order, as are the minutes, seconds and months.
        days: the days it names in a month, by the month's shape as `calendar.monthrange` gives it.
    """

    text: str
    fixed: bool
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    days: dict[tuple[int, int], tuple[int, ...]]

    def next(self, zone: ZoneInfo, after: datetime) -> datetime:
        """Find the first instant after the instant `after`.

        When the clocks of the zone are changed, an interval follows elapsed time: it fires whenever
        a clock shows one of its times, so again in a repeated hour and never in a skipped one.
        Each fixed time fires once: at the first of two, or if skipped, right after the gap.

        Raises:
            ScheduleError: it does not fire before the end of the year 9998.
        """
        start = after.replace(microsecond=0)
        offset = _offset(zone, start)
        wall = start + offset + SECOND
        if self.fixed:
            for shift in _shifts(zone, start - DAY, start):
                wall = max(wall, shift.instant + shift.before)
        while True:
            match = self.first(wall)
            if match is None:
                raise ScheduleError(f"cron expression {self.text!r} never fires after {after}")
            tick = max(start, match - offset)
            shift = next(_shifts(zone, start, tick), None)
            if shift is None:
                return tick
            start, offset = shift.instant, shift.after
            wall = start + (shift.before if self.fixed else shift.after)

    def first(self, wall: datetime) -> datetime | None:
        """Find the first wall time at or after `wall`, as if clocks were never changed."""
        today = wall.date()
        for day in self._days_from(today):
            found = self._time_from(wall.time() if day == today else time.min)
            if found is not None:
                return datetime.combine(day, found)
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        for year in range(first.year, min(first.year + CALENDAR_CYCLE, LAST_YEAR) + 1):
            for month in self.months:
                if (year, month) >= (first.year, first.month):
                    days = self.days[monthrange(year, month)]
                    yield from (day for n in days if (day := date(year, month, n)) >= first)

    def _time_from(self, earliest: time) -> time | None:
        for hour in self.hours[bisect_left(self.hours, earliest.hour) :]:
            lowest = earliest.minute if hour == earliest.hour else 0
            for minute in self.minutes[bisect_left(self.minutes, lowest) :]:
                same = (hour, minute) == (earliest.hour, earliest.minute)
                second = bisect_left(self.seconds, earliest.second if same else 0)
                if second < len(self.seconds):
                    return time(hour, minute, self.seconds[second])
        return None


class _Shift(NamedTuple):
    """A change of a zone's offset from UTC, forward or back, for whatever reason."""

    instant: datetime
    before: timedelta
    after: timedelta


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return zone.fromutc(instant.replace(tzinfo=zone)).replace(tzinfo=None) - instant


def _shifts(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[_Shift]:
    """The shifts after `start`, up to and including `end`."""
    for year in range(start.year, end.year + 1):
        for shift in _shifts_in(zone, year):
            if start < shift.instant <= end:
                yield shift


@lru_cache(maxsize=4096)
def _shifts_in(zone: ZoneInfo, year: int) -> tuple[_Shift, ...]:
    """The shifts of one year; zoneinfo does not list them, so it is asked day by day.

    That misses none: the two closest in the tz database are four days apart (Freetown, 1939).
    """
    shifts: list[_Shift] = []
    day = datetime(year, 1, 1)
    before = _offset(zone, day)
    while day.year == year:
        after = _offset(zone, day + DAY)
        if after != before:
            shifts.append(_Shift(_end_of_offset(zone, day), before, after))
        day, before = day + DAY, after
    return tuple(shifts)


def _end_of_offset(zone: ZoneInfo, start: datetime) -> datetime:
    """The instant, within the day after `start`, from which another offset holds."""
    offset = _offset(zone, start)
    seconds = bisect_left(
        range(86400), True, key=lambda n: _offset(zone, start + n * SECOND) != offset
    )
    return start + seconds * SECOND


class _Field(NamedTuple):
    position: int  # in croniter's order
    name: str
    values: range
    takes: str


_SECOND = _Field(5, "second", range(60), "0-59, as in '0', '0,30' or '*/10'")
_MINUTE = _Field(0, "minute", range(60), "0-59, as in '5', '0,30', '10-20' or '*/15'")
_HOUR = _Field(1, "hour", range(24), "0-23, as in '9', '8,12', '8-17' or '*/2'")
_DAY = _Field(2, "day", range(1, 32), "1-31, as in '1', '1,15' or 'L' (the last)")
_MONTH = _Field(3, "month", range(1, 13), "1-12 or JAN-DEC, as in '6', 'JAN,JUL' or '*/3'")
_WEEKDAY = _Field(
    4, "weekday", range(7), "0-7 or SUN-SAT, as in '1-5', '1#2' (second Monday), '5L' (last Friday)"
)

_VALUE = r"(?:\d+|[a-z]{3})"
_TERM = re.compile(
    rf"(?:\*|(?P<low>{_VALUE})(?:-(?P<high>{_VALUE}))?)(?:/\d+)?|l|{_VALUE}#\d|\dl", re.ASCII
)

_Value = int | str | tuple[int, int | str]
"""A number, "l" for the last day of the month, or (weekday, n) for its n-th day, "l" its last."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Cron:
    """Read a cron expression.

    Raises:
        ScheduleError: it does not parse, or no day of the calendar fits it.
    """
    fields = MACROS.get(text.strip().lower(), text).split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise ScheduleError(
            f"cron expression {text!r} must have 5 fields (minute, hour, day, month, weekday), such"
            f" as '0 9 * * MON-FRI', or 6 with the second first, or be one of {' '.join(MACROS)}"
        )
    second, minute, hour, day, month, weekday = fields
    days = _values(text, _DAY, day)
    weekdays = _values(text, _WEEKDAY, weekday)
    either = not (_open(_DAY, day, days) or _open(_WEEKDAY, weekday, weekdays))
    cron = Cron(
        text=text,
        fixed=not re.search(r"[*/-]", minute + hour),
        seconds=_numbers(_values(text, _SECOND, second)),
        minutes=_numbers(_values(text, _MINUTE, minute)),
        hours=_numbers(_values(text, _HOUR, hour)),
        months=_numbers(_values(text, _MONTH, month)),
        days={
            (first, length): _days(first, length, days, weekdays, either=either)
            for first in range(7)
            for length in range(28, 32)
        },
    )
    if cron.first(datetime(2000, 1, 1)) is None:
        raise ScheduleError(f"cron expression {text!r} never fires: month {month} has no day {day}")
    return cron


def _numbers(values: set[_Value]) -> tuple[int, ...]:
    return tuple(sorted(value for value in values if isinstance(value, int)))


def _open(field: _Field, terms: str, values: set[_Value]) -> bool:
    """Whether the field is `*` in effect, so that it leaves the choice of days to the other."""
    return terms.startswith("*") and len(values) == len(field.values)


def _days(
    first: int, length: int, days: set[_Value], weekdays: set[_Value], *, either: bool
) -> tuple[int, ...]:
    """The days that fit in a month of `length` days that begins on weekday `first` (Monday 0)."""

    def fits(day: int) -> bool:
        weekday = (first + day) % 7
        in_month = day in days or (day == length and "l" in days)
        in_week = (
            weekday in weekdays
            or (weekday, (day + 6) // 7) in weekdays
            or (day + 7 > length and (weekday, "l") in weekdays)
        )
        return in_month or in_week if either else in_month and in_week

    return tuple(day for day in range(1, length + 1) if fits(day))


def _values(text: str, field: _Field, terms: str) -> set[_Value]:
    values: set[_Value] = set()
    try:
        for term in terms.lower().split(","):
            values |= _read(field, term)
    except CroniterError:
        rule = "; a range runs upwards" if "-" in terms else ""
        raise ScheduleError(
            f"cron expression {text!r}: the {field.name} cannot be {terms!r};"
            f" it takes {field.takes}{rule}"
        ) from None
    return values


def _read(field: _Field, term: str) -> set[_Value]:
    """Read one term of a list, after refusing what croniter takes but we do not document.

    Raises:
        CroniterError: it does not parse.
    """
    match = _TERM.fullmatch(term)
    if match is None:
        raise CroniterError
    low, high = match["low"], match["high"]
    if high:
        [first], [last] = _expand(field, low)[0], _expand(field, high)[0]
        last = 7 if field is _WEEKDAY and last == 0 else last
        # croniter takes 5-5 for every value, and steps wrongly through ranges that run backwards.
        if low == high or cast("int", first) >= cast("int", last):
            raise CroniterError
    if field is _WEEKDAY and term.endswith("l"):
        term = f"l{term[:-1]}"  # croniter writes the last Friday L5
    values, nth = _expand(field, term)
    if nth:
        return {(weekday, n) for weekday, ns in nth.items() for n in ns}
    return set(field.values) if values == ["*"] else set(values)


def _expand(field: _Field, term: str) -> tuple[list[int | str], dict[int, set[int | str]]]:
    fields = ["*"] * 6
    fields[field.position] = term
    expanded, nth = croniter.expand(" ".join(fields))
    return cast("list[int | str]", expanded[field.position]), cast("dict[int, set[int | str]]", nth)
