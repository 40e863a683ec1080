"""`next_tick` and `ticks_due` against a scan that looks at every minute, or second, in turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs_runtime.schedule import Schedule
from tests.unit.cron_scan import (
    EXPRESSIONS,
    SECOND,
    ZONES,
    Reader,
    actual_ticks,
    changes,
    compare,
    expected_ticks,
    moments,
)


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
