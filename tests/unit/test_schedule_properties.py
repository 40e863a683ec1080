"""`next_tick` and `ticks_due` against a scan that looks at every minute, or second, in turn."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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


def compare(zone: str, expressions: list[str], start: datetime, end: datetime) -> int:
    scan = moments(zone, start, end)
    compared = 0
    for expression in expressions:
        expected = list(expected_ticks(Reader(expression), scan))
        actual = list(actual_ticks(Schedule(expression, time_zone=zone), start, end))
        assert actual == expected, (expression, zone, start)
        compared += len(expected)
    return compared


@pytest.mark.parametrize("zone", ZONES)
def test_all_changes_of_eleven_years(zone: str) -> None:
    around = timedelta(days=2)
    found = changes(zone, 2020, 2030)
    for change in found:
        assert compare(zone, EXPRESSIONS, change - around, change + around) > 0
    if zone != "UTC":
        assert len(found) >= 6


@pytest.mark.parametrize("zone", ZONES)
def test_sampled_months(zone: str) -> None:
    for start, days in [
        (datetime(2023, 12, 20, tzinfo=UTC), 15),
        (datetime(2024, 2, 25, tzinfo=UTC), 10),
        (datetime(2029, 10, 20, tzinfo=UTC), 15),
    ]:
        compare(zone, EXPRESSIONS, start, start + timedelta(days=days))


@pytest.mark.parametrize(
    ("zone", "first_year", "last_year"),
    [
        ("America/Sao_Paulo", 2012, 2019),
        ("America/St_Johns", 2006, 2011),
        ("America/Havana", 2008, 2013),
        ("Asia/Gaza", 2008, 2014),
        ("Pacific/Apia", 2009, 2012),
        ("Antarctica/Casey", 2009, 2012),
        ("Antarctica/Troll", 2010, 2012),
        ("Asia/Pyongyang", 2015, 2018),
        ("America/Caracas", 2007, 2016),
    ],
)
def test_odd_changes_of_the_past(zone: str, first_year: int, last_year: int) -> None:
    around = timedelta(days=2)
    for change in changes(zone, first_year, last_year):
        compare(zone, EXPRESSIONS, change - around, change + around)


@pytest.mark.parametrize("change", ["2026-03-08T07:00", "2026-11-01T06:00"])
@pytest.mark.parametrize(
    "expression",
    ["10,40 30 1,2 * * *", "*/20 59 1,2 * * *", "0 0 3 * * *", "*/7 */10 * * * *", "59 59 * * * *"],
)
def test_seconds(change: str, expression: str) -> None:
    middle = datetime.fromisoformat(change).replace(tzinfo=UTC)
    start, end = middle - timedelta(hours=3), middle + timedelta(hours=3)
    scan = moments("America/New_York", start, end, SECOND)
    expected = list(expected_ticks(Reader(expression), scan, SECOND))
    schedule = Schedule(expression, time_zone="America/New_York")
    assert list(actual_ticks(schedule, start, end)) == expected


def joined(found: list[int]) -> str:
    return ",".join(map(str, found))


def terms(lowest: int, highest: int) -> st.SearchStrategy[str]:
    number = st.integers(lowest, highest)
    low_and_high = st.tuples(number, number).filter(lambda pair: pair[0] < pair[1])
    bounds = low_and_high.map(lambda pair: f"{pair[0]}-{pair[1]}")
    step = st.integers(2, highest)
    return st.one_of(
        st.just("*"),
        st.lists(number, min_size=1, max_size=4).map(joined),
        bounds,
        st.tuples(bounds | st.just("*"), step).map(lambda pair: f"{pair[0]}/{pair[1]}"),
        st.tuples(number, bounds, number).map(lambda triple: ",".join(map(str, triple))),
    )


days = st.one_of(st.just("*"), terms(1, 28), st.sampled_from(["L", "1,L", "31", "29-31"]))
weekdays = st.one_of(
    st.just("*"),
    terms(0, 6),
    st.sampled_from(["7", "SUN", "MON-FRI", "5-7", "FRI-SUN", "0-7", "1#1", "5#5,2", "0L", "3L,6"]),
)
expressions = st.tuples(terms(0, 59), terms(0, 23), days, terms(1, 12), weekdays).map(" ".join)
fixed_times = st.tuples(
    st.lists(st.integers(0, 59), min_size=1, max_size=4).map(joined),
    st.lists(st.sampled_from([0, 1, 2, 3, 22, 23]), min_size=1, max_size=4).map(joined),
    st.just("* * *"),
).map(" ".join)


@st.composite
def places(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone and an instant in it, most often close to a change of its clocks."""
    zone = draw(st.sampled_from([*ZONES[:-1], "America/St_Johns", "America/Sao_Paulo"]))
    middle = draw(st.sampled_from(changes(zone, 2008, 2018)))
    spread = draw(st.sampled_from([3600 * 30, 3600 * 24 * 40]))
    return zone, middle + timedelta(seconds=draw(st.integers(-spread, spread)))


@settings(max_examples=200, deadline=None)
@given(st.one_of(expressions, fixed_times), places())
@example("30 1 * * *", ("America/New_York", datetime(2026, 11, 1, 6, 10, tzinfo=UTC)))
def test_next_tick_is_the_first_of_the_scan(expression: str, place: tuple[str, datetime]) -> None:
    zone, after = place
    start = after.replace(second=0) - timedelta(days=1)
    end = start + timedelta(days=3)
    reader = Reader(expression)
    found = expected_ticks(reader, moments(zone, start, end))
    expected = next((tick for tick in found if tick > after), None)
    tick = Schedule(expression, time_zone=zone).next_tick(after)
    if expected is None:
        assert tick >= end
        assert reader.shows(tick.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) or (
            not reader.interval
        )
    else:
        assert tick == expected


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["* * * * * *", "*/7 * * * * *", "* * * * *", "0,30 1-3 * * *", "0 2 * * *"]),
    st.sampled_from(["skip", "latest", "all"]),
    st.integers(1, 200),
    places(),
    st.integers(-10, 1000) | st.integers(0, 3600 * 48),
    st.integers(0, 999_999),
)
def test_ticks_due_keeps_what_the_policy_says(
    expression: str,
    missed: Literal["skip", "latest", "all"],
    limit: int,
    place: tuple[str, datetime],
    seconds: int,
    microseconds: int,
) -> None:
    zone, last = place
    if expression.startswith("*") and len(expression.split()) == 6:
        seconds %= 1200
    schedule = Schedule(expression, time_zone=zone, missed=missed, missed_limit=limit)
    now = last + timedelta(seconds=seconds, microseconds=microseconds)
    every = [tick for tick in actual_ticks(schedule, last, now + SECOND) if last < tick <= now]
    late = [tick for tick in every if (now - tick).total_seconds() >= 60]
    on_time = every[len(late) :]
    kept = {
        "skip": on_time,
        "latest": every[-1:] if late else on_time,
        "all": late[-limit:] + on_time,
    }[missed]

    due = schedule.ticks_due(last, now)

    assert list(due.ticks) == kept
    assert due.dropped == len(every) - len(kept)
