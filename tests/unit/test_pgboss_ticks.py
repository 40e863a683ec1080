from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jobs_runtime.errors import ScheduleError
from jobs_runtime.executors.pgboss.cron import as_schedule, slot
from jobs_runtime.executors.pgboss.cron.ticks import expression
from jobs_runtime.schedule import Schedule


def schedule(cron: str, time_zone: str = "UTC") -> Schedule:
    return as_schedule(cron, time_zone, missed="latest", missed_limit=1)


def utc(day: int, hour: int, minute: int, second: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


class TestExpressions:
    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ("*/5 * * * *", "*/5 * * * *"),
            ("5", "* * * * 5"),
            ("", "* * * * *"),
            ("0 9 ? * MON", "0 9 * * MON"),
            ("30 0 9 * * *", "30 0 9 * * *"),
            (" @daily ", "@daily"),
        ],
    )
    def test_what_is_missing_is_filled_up_from_the_left(self, theirs: str, ours: str) -> None:
        assert expression(theirs) == ours
        schedule(theirs)

    @pytest.mark.parametrize("cron", ["0 0 31 2 *", "@reboot", "1 2 3 4 5 6 7", "W"])
    def test_what_pg_boss_refuses_is_refused(self, cron: str) -> None:
        with pytest.raises(ScheduleError):
            schedule(cron)

    def test_a_step_from_a_number_goes_to_the_end(self) -> None:
        tick = schedule("50/5 * * * *").next_tick(utc(1, 9, 50))
        assert tick == utc(1, 9, 55)


class TestSlots:
    def test_it_is_the_minute_of_the_tick(self) -> None:
        found = slot(schedule("*/5 * * * *"), utc(1, 9, 5))
        assert found.minute == datetime(2026, 3, 1, 9, 5)
        assert found.after == datetime(2026, 3, 1, 9, 0)

    def test_seconds_share_a_slot_and_the_minute_before_is_another(self) -> None:
        found = slot(schedule("*/20 * * * * *"), utc(1, 9, 5, 20))
        assert found.minute == datetime(2026, 3, 1, 9, 5)
        assert found.after == datetime(2026, 3, 1, 9, 4)

    def test_a_rare_tick_may_have_been_fired_early_by_a_fast_clock(self) -> None:
        found = slot(schedule("0 * * * *"), utc(1, 9, 0))
        assert found.after == datetime(2026, 3, 1, 8, 50)

    def test_a_time_of_day_that_is_skipped_has_the_slot_in_which_node_fires_it(self) -> None:
        nightly = schedule("30 2 * * *", "Europe/Amsterdam")
        tick = nightly.next_tick(utc(28, 12, 0))
        assert tick == utc(29, 1, 0)
        assert slot(nightly, tick).minute == datetime(2026, 3, 29, 1, 30)

    def test_a_time_of_day_that_comes_twice_has_the_first_slot(self) -> None:
        nightly = schedule("30 2 * * *", "Europe/Amsterdam")
        tick = nightly.next_tick(utc(24, 12, 0, month=10))
        assert slot(nightly, tick).minute == datetime(2026, 10, 25, 0, 30)
