from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise
from typing import Literal

import pytest

from jobs_runtime import schedule
from jobs_runtime.errors import ScheduleError
from jobs_runtime.schedule import Due, Schedule
from tests.unit.test_schedule import NEW_YORK, utc

Missed = Literal["skip", "latest", "all"]


class TestTicksDue:
    @pytest.mark.parametrize("missed", ["skip", "latest", "all"])
    def test_on_time_fires_whatever_the_policy(self, missed: Missed) -> None:
        minutely = Schedule("* * * * *", missed=missed)
        due = minutely.ticks_due(utc("2026-01-01T00:00"), utc("2026-01-01T00:01:59.999"))
        assert due == Due((utc("2026-01-01T00:01"),), 0)

    @pytest.mark.parametrize("missed", ["skip", "latest", "all"])
    @pytest.mark.parametrize("now", ["2026-01-01T00:00:59.999", "2026-01-01T00:00", "2025-12-31"])
    def test_nothing_is_due_early_or_twice(self, missed: Missed, now: str) -> None:
        minutely = Schedule("* * * * *", missed=missed)
        assert minutely.ticks_due(utc("2026-01-01T00:00"), utc(now)) == Due((), 0)

    @pytest.mark.parametrize(
        ("missed", "late", "expected"),
        [
            ("skip", 59, Due((utc("2026-01-01T09:00"),), 0)),
            ("skip", 60, Due((), 1)),
            ("latest", 60, Due((utc("2026-01-01T09:00"),), 0)),
            ("all", 60, Due((utc("2026-01-01T09:00"),), 0)),
        ],
    )
    def test_missed_from_sixty_seconds(self, missed: Missed, late: int, expected: Due) -> None:
        now = utc("2026-01-01T09:00") + timedelta(seconds=late)
        daily = Schedule("0 9 * * *", missed=missed)
        assert daily.ticks_due(utc("2025-12-31T09:00"), now) == expected

    @pytest.mark.parametrize(
        ("missed", "limit", "hours", "dropped"),
        [
            ("skip", 100, [], 3),
            ("latest", 100, [15], 2),
            ("all", 100, [13, 14, 15], 0),
            ("all", 2, [14, 15], 1),
        ],
    )
    def test_down_for_three_hours(
        self, missed: Missed, limit: int, hours: list[int], dropped: int
    ) -> None:
        hourly = Schedule("0 * * * *", missed=missed, missed_limit=limit)
        due = hourly.ticks_due(utc("2026-01-01T12:00"), utc("2026-01-01T15:30"))
        assert due == Due(tuple(utc(f"2026-01-01T{hour}:00") for hour in hours), dropped)

    @pytest.mark.parametrize(
        ("missed", "minutes", "dropped"),
        [("skip", [5], 4), ("latest", [5], 4), ("all", [3, 4, 5], 2)],
    )
    def test_missed_and_on_time_together(
        self, missed: Missed, minutes: list[int], dropped: int
    ) -> None:
        minutely = Schedule("* * * * *", missed=missed, missed_limit=2)
        due = minutely.ticks_due(utc("2026-01-01T00:00"), utc("2026-01-01T00:05:30"))
        assert due == Due(tuple(utc(f"2026-01-01T00:{m:02}") for m in minutes), dropped)

    @pytest.mark.parametrize(
        ("missed", "count", "dropped"), [("skip", 60, 60), ("latest", 1, 119), ("all", 70, 50)]
    )
    def test_every_second(self, missed: Missed, count: int, dropped: int) -> None:
        start = utc("2026-01-01")
        secondly = Schedule("* * * * * *", missed=missed, missed_limit=10)
        due = secondly.ticks_due(start, start + timedelta(seconds=120))
        assert (len(due.ticks), due.dropped) == (count, dropped)
        assert due.ticks[-1] == start + timedelta(seconds=120)

    @pytest.mark.parametrize(("missed", "count"), [("skip", 60), ("latest", 1), ("all", 1060)])
    def test_ten_years_of_seconds_cost_little(self, missed: Missed, count: int) -> None:
        now = utc("2026-01-01T00:00:00.25")
        secondly = Schedule(
            "* * * * * *", time_zone=NEW_YORK, missed=missed, missed_limit=schedule.MOST_MISSED
        )
        started = time.perf_counter()
        due = secondly.ticks_due(utc("2016-01-01"), now)
        assert time.perf_counter() - started < 10
        assert len(due.ticks) == count
        assert due.ticks[-1] == utc("2026-01-01")
        assert all(b - a == timedelta(seconds=1) for a, b in pairwise(due.ticks))
        assert due.dropped == schedule.MOST_COUNTED + 60 - count

    def test_a_burst_years_ago_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(schedule, "MOST_COUNTED", 20)
        burst = Schedule("* 3 29 2 *", missed="all", missed_limit=61)
        due = burst.ticks_due(utc("2020-01-01"), utc("2027-12-31"))
        expected = [utc("2024-02-29T03:00") + timedelta(minutes=m) for m in range(60)]
        assert due.ticks == (utc("2020-02-29T03:59"), *expected)

    def test_a_lower_bound_is_never_more_than_was_dropped(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start, now = utc("2026-01-01"), utc("2026-01-01T01:00")
        minutely = Schedule("* * * * *", missed="all", missed_limit=5)
        exact = minutely.ticks_due(start, now)
        monkeypatch.setattr(schedule, "MOST_COUNTED", 20)
        capped = minutely.ticks_due(start, now)
        assert capped.ticks == exact.ticks
        assert (exact.dropped, capped.dropped) == (54, 15)

    @pytest.mark.parametrize("name", ["last", "now"])
    def test_refuses_a_naive_time(self, name: str) -> None:
        times = {"last": utc("2026-01-01"), "now": utc("2026-01-02")}
        times[name] = times[name].replace(tzinfo=None)
        with pytest.raises(ScheduleError, match=f"^{name} needs a time zone"):
            Schedule("* * * * *").ticks_due(**times)
