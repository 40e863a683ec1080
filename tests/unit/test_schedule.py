from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from jobs_runtime import cron
from jobs_runtime.errors import ScheduleError
from jobs_runtime.schedule import Schedule

NEW_YORK = "America/New_York"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ticks(expression: str, zone: str, start: str, end: str) -> list[str]:
    """The ticks from local midnight of `start` up to that of `end`, as UTC text."""
    declared = Schedule(expression, time_zone=zone)
    first = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    last = datetime.fromisoformat(end).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found: list[str] = []
    tick = declared.next_tick(first - timedelta(seconds=1))
    while tick < last:
        found.append(f"{tick:%d %H:%M}")
        tick = declared.next_tick(tick)
    return found


class TestNextTick:
    @pytest.mark.parametrize(
        ("expression", "after", "expected"),
        [
            ("* * * * *", "2026-01-01T00:00:00", "2026-01-01T00:01:00"),
            ("* * * * *", "2026-01-01T00:00:59.999", "2026-01-01T00:01:00"),
            ("* * * * *", "2025-12-31T23:59:59.999999", "2026-01-01T00:00:00"),
            ("*/5 * * * *", "2026-01-01T00:04:59", "2026-01-01T00:05:00"),
            ("10/25 * * * *", "2026-01-01T00:10:00", "2026-01-01T00:35:00"),
            ("59 23 31 12 *", "2026-12-31T23:59:00", "2027-12-31T23:59:00"),
            ("0 9 * * MON-FRI", "2026-01-02T09:00:00", "2026-01-05T09:00:00"),
            ("0 9 * jan,Jul *", "2026-01-31T09:00:00", "2026-07-01T09:00:00"),
            ("0 0 * * 7", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
            ("0 0 * * 0", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
            ("0 0 * * FRI-SUN", "2026-01-03T00:00:00", "2026-01-04T00:00:00"),
            ("0 0 * * 6-7", "2026-01-04T00:00:00", "2026-01-10T00:00:00"),
            ("0 0 * * 0-7", "2026-01-04T00:00:00", "2026-01-05T00:00:00"),
            ("0 0 L * *", "2028-02-01T00:00:00", "2028-02-29T00:00:00"),
            ("0 0 1,L * *", "2026-02-01T00:00:00", "2026-02-28T00:00:00"),
            ("0 0 * * 1#2", "2026-01-01T00:00:00", "2026-01-12T00:00:00"),
            ("0 0 * * MON#2,3", "2026-01-08T00:00:00", "2026-01-12T00:00:00"),
            ("0 0 * * MON#2,3", "2026-01-12T00:00:00", "2026-01-14T00:00:00"),
            ("0 0 * * 5L", "2026-01-01T00:00:00", "2026-01-30T00:00:00"),
            ("0 0 * * 7L", "2026-01-01T00:00:00", "2026-01-25T00:00:00"),
            ("0 0 29 2 *", "2096-03-01T00:00:00", "2104-02-29T00:00:00"),
            ("0 0 * 2 1#5", "2044-02-29T00:00:00", "2072-02-29T00:00:00"),
            ("30 15 10 * * *", "2026-01-01T10:15:29", "2026-01-01T10:15:30"),
            ("*/20 * * * * *", "2026-01-01T10:15:20", "2026-01-01T10:15:40"),
            ("@hourly", "2026-01-01T00:00:00", "2026-01-01T01:00:00"),
            ("@daily", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),
            ("@midnight", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),
            ("@weekly", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
            ("@monthly", "2026-01-01T00:00:00", "2026-02-01T00:00:00"),
            ("@yearly", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
            (" @Annually ", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ],
    )
    def test_in_utc(self, expression: str, after: str, expected: str) -> None:
        assert Schedule(expression).next_tick(utc(after)) == utc(expected)

    @pytest.mark.parametrize(
        ("expression", "days"),
        [
            ("0 0 13 * FRI", [2, 9, 13, 16, 23, 30]),
            ("0 0 13 * 5#1", [2, 13]),
            ("0 0 L * 1#1", [5, 31]),
            ("0 0 31 2 MON", []),
            ("0 0 1-10/3 * *", [1, 4, 7, 10]),
            ("0 0 */10 * *", [1, 11, 21, 31]),
            ("0 0 */1 * TUE", [6, 13, 20, 27]),
            ("0 0 13 * */1", [13]),
            ("0 0 1-31 * TUE", list(range(1, 32))),
        ],
    )
    def test_day_of_month_or_weekday(self, expression: str, days: list[int]) -> None:
        expected = [f"{day:02} 00:00" for day in days]
        assert ticks(expression, "UTC", "2026-01-01", "2026-02-01") == expected

    def test_takes_any_zone_and_answers_in_utc(self) -> None:
        after = datetime(2026, 6, 1, 8, 59, tzinfo=timezone(timedelta(hours=2)))
        tick = Schedule("0 9 * * *", time_zone="Europe/Amsterdam").next_tick(after)
        assert tick == utc("2026-06-01T07:00")
        assert tick.tzinfo is UTC

    def test_refuses_a_naive_time(self) -> None:
        with pytest.raises(ScheduleError, match=r"^after needs a time zone: 2026-01-01T00:00:00"):
            Schedule("* * * * *").next_tick(datetime(2026, 1, 1))

    def test_says_so_at_the_end_of_time(self) -> None:
        with pytest.raises(ScheduleError, match="never fires after 9998-06-01"):
            Schedule("0 0 1 1 *").next_tick(utc("9998-06-01"))


class TestClockChanges:
    """Offsets: New York -5 and -4 (8 March, 1 November 2026 at 02:00)."""

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("30 2 * * *", ["08 07:00"]),
            ("0,30 2 * * *", ["08 07:00"]),
            ("0 2,3 * * *", ["08 07:00"]),
            ("30 1,2,3 * * *", ["08 06:30", "08 07:00", "08 07:30"]),
            ("0 0 2 * * *", ["08 07:00"]),
            ("*/20 2 * * *", []),
            ("30 1-3 * * *", ["08 06:30", "08 07:30"]),
            ("0 */2 * * *", [f"08 {h:02}:00" for h in (5, 8, 10, 12, 14, 16, 18, 20, 22)]),
        ],
    )
    def test_skipped_hour(self, expression: str, expected: list[str]) -> None:
        found = ticks(expression, NEW_YORK, "2026-03-08", "2026-03-09")
        assert [tick for tick in found if tick.startswith("08")] == expected

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("30 1 * * *", ["01 05:30"]),
            ("0 2 * * *", ["01 07:00"]),
            ("30 0,1,2 * * *", ["01 04:30", "01 05:30", "01 07:30"]),
            ("*/30 1 * * *", ["01 05:00", "01 05:30", "01 06:00", "01 06:30"]),
            ("30 * * * *", [f"01 {hour:02}:30" for hour in range(4, 24)]),
            ("0 */2 * * *", [f"01 {h:02}:00" for h in (4, 7, 9, 11, 13, 15, 17, 19, 21, 23)]),
            ("0 0-2 * * *", ["01 04:00", "01 05:00", "01 06:00", "01 07:00"]),
        ],
    )
    def test_repeated_hour(self, expression: str, expected: list[str]) -> None:
        found = ticks(expression, NEW_YORK, "2026-11-01", "2026-11-02")
        assert [tick for tick in found if tick.startswith("01")] == expected

    def test_every_start_in_a_repeated_hour(self) -> None:
        start = utc("2026-11-01T05:00")
        for minutes in range(180):
            after = start + timedelta(minutes=minutes)
            expected = "2026-11-01T05:30" if minutes < 30 else "2026-11-02T06:30"
            assert Schedule("30 1 * * *", time_zone=NEW_YORK).next_tick(after) == utc(expected)

    @pytest.mark.parametrize("seconds", [-1, -0.5, 0, 0.5, 1])
    def test_around_the_instant_after_the_gap(self, seconds: float) -> None:
        gap = utc("2026-03-08T07:00")
        tick = Schedule("30 2 * * *", time_zone=NEW_YORK).next_tick(
            gap + timedelta(seconds=seconds)
        )
        assert tick == (gap if seconds < 0 else utc("2026-03-09T06:30"))

    @pytest.mark.parametrize(
        ("zone", "expression", "start", "end", "expected"),
        [
            # Midnight does not exist: the day begins at 01:00.
            ("America/Sao_Paulo", "0 0 * * *", "2018-11-03", "2018-11-05",
             ["03 03:00", "04 03:00"]),
            ("Asia/Beirut", "30 0 * * *", "2022-03-26", "2022-03-28", ["25 22:30", "26 22:00"]),
            ("Africa/Cairo", "0 0 * * 5", "2024-04-26", "2024-04-27", ["25 22:00"]),
            # 23:00 to 24:00 comes twice.
            ("America/Sao_Paulo", "30 23 * * *", "2018-02-17", "2018-02-18", ["18 01:30"]),
            ("America/Sao_Paulo", "30 * * * 6", "2018-02-17T22:00", "2018-02-19",
             ["18 00:30", "18 01:30", "18 02:30"]),
            # 00:01 goes back to 23:01 of the day before.
            ("America/St_Johns", "0 0 * * *", "2010-11-06", "2010-11-09",
             ["06 02:30", "07 02:30", "08 03:30"]),
            ("America/St_Johns", "30 23,0 * * *", "2010-11-06T20:00", "2010-11-07T20:00",
             ["07 02:00", "07 04:00"]),
            # Half an hour.
            ("Australia/Lord_Howe", "15 2 * * *", "2026-10-04", "2026-10-05", ["03 15:30"]),
            ("Australia/Lord_Howe", "45 1 * * *", "2026-04-05", "2026-04-06", ["04 14:45"]),
            ("Australia/Lord_Howe", "*/15 1 * * *", "2026-04-05", "2026-04-06",
             ["04 14:00", "04 14:15", "04 14:30", "04 14:45", "04 15:00", "04 15:15"]),
            # 30 December 2011 does not exist.
            ("Pacific/Apia", "0 9 * * *", "2011-12-29", "2012-01-01",
             ["29 19:00", "30 10:00", "30 19:00"]),
            ("Pacific/Apia", "0 0 * * *", "2011-12-29", "2012-01-01", ["29 10:00", "30 10:00"]),
            ("Pacific/Apia", "0 */8 * * *", "2011-12-29T16:00", "2011-12-31T09:00",
             ["30 02:00", "30 10:00", "30 18:00"]),
            # Half an hour back at 03:00, for good.
            ("America/Caracas", "45 2 * * *", "2007-12-09", "2007-12-11", ["09 06:45", "10 07:15"]),
        ],
    )  # fmt: skip
    def test_odd_zones(
        self, zone: str, expression: str, start: str, end: str, expected: list[str]
    ) -> None:
        assert ticks(expression, zone, start, end) == expected

    @pytest.mark.parametrize(
        ("after", "expected"),
        [
            ("1952-12-31T19:00", "1952-12-31T20:00"),
            ("1952-12-31T20:00", "1953-01-02T04:00"),
            ("1953-01-01T00:00", "1953-01-02T04:00"),
            ("1953-01-01T02:00", "1953-01-02T04:00"),
        ],
    )
    def test_eight_hours_back_at_the_turn_of_the_year(self, after: str, expected: str) -> None:
        # Inuvik went from UTC to UTC-8 as 1953 began in UTC: 16:00 to 24:00 came twice.
        evening = Schedule("0 20 * * *", time_zone="America/Inuvik")
        assert evening.next_tick(utc(after)) == utc(expected)


def test_an_expression_is_parsed_once() -> None:
    assert cron.parse("1 2 3 4 5") is cron.parse("1 2 3 4 5")
