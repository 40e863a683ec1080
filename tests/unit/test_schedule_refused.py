from __future__ import annotations

import dataclasses
from datetime import UTC
from typing import Any

import pytest

from jobs_runtime.errors import JobsError, ScheduleError
from jobs_runtime.schedule import Schedule


class TestRefused:
    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            ("", "must have 5 fields"),
            ("* * * *", "must have 5 fields"),
            ("* * * * * * 2030", "must have 5 fields"),
            ("@reboot", "must have 5 fields .* or be one of @hourly"),
            ("@every 5m", "must have 5 fields"),
            ("60 * * * *", "the minute cannot be '60'; it takes 0-59, as in '5'"),
            ("0 24 * * *", "the hour cannot be '24'; it takes 0-23"),
            ("0 0 0 * *", "the day cannot be '0'; it takes 1-31"),
            ("0 0 * 13 *", "the month cannot be '13'; it takes 1-12 or JAN-DEC"),
            ("0 0 * 0 *", "the month cannot be '0'"),
            ("0 0 * * 8", "the weekday cannot be '8'; it takes 0-7 or SUN-SAT"),
            ("60 0 0 * * *", "the second cannot be '60'"),
            ("*/0 * * * *", r"the minute cannot be '\*/0'"),
            ("-5 * * * *", "the minute cannot be '-5'"),
            ("1,,2 * * * *", "the minute cannot be '1,,2'"),
            ("5-5 * * * *", "the minute cannot be '5-5'; .*; a range runs upwards"),
            ("5-0 * * * *", "the minute cannot be '5-0'; .*; a range runs upwards"),
            ("0 22-2 * * *", "the hour cannot be '22-2'; .*; a range runs upwards"),
            ("0 0 * NOV-FEB *", "the month cannot be 'NOV-FEB'; .*; a range runs upwards"),
            ("0 0 * * FRI-MON", "the weekday cannot be 'FRI-MON'; .*; a range runs upwards"),
            ("0 0 * * 0-0", "the weekday cannot be '0-0'; .*; a range runs upwards"),
            ("0 0 * * MON#6", "the weekday cannot be 'MON#6'"),
            ("0 0 * * MON#0", "the weekday cannot be 'MON#0'"),
            ("0 0 * * 8L", "the weekday cannot be '8L'"),
            ("0 0 * * L", "the weekday cannot be 'L'"),
            ("0 0 * * L5", "the weekday cannot be 'L5'"),
            ("0 0 * * MON-FRI#1", "the weekday cannot be 'MON-FRI#1'"),
            ("0 0 * * JAN", "the weekday cannot be 'JAN'"),
            ("0 0 * MON *", "the month cannot be 'MON'"),
            ("0 0 5L * *", "the day cannot be '5L'"),
            ("0 0 1#2 * *", r"the day cannot be '1#2'"),
            ("0 0 15W * *", "the day cannot be '15W'"),
            ("0 0 L-3 * *", "the day cannot be 'L-3'"),
            ("0 0 28-L * *", "the day cannot be '28-L'"),
            ("0 0 ? * *", r"the day cannot be '\?'"),
            ("H * * * *", "the minute cannot be 'H'"),
            ("H(0-5) * * * *", "the minute cannot be"),
            ("0 R * * *", "the hour cannot be 'R'"),
            ("٣ * * * *", "the minute cannot be '٣'"),
            ("0 0 31 2 *", "never fires: month 2 has no day 31$"),
            ("0 0 30,31 FEB *", "never fires: month FEB has no day 30,31$"),
            ("0 0 31 2,4,6,9,11 *", "never fires"),
        ],
    )
    def test_expression(self, expression: str, message: str) -> None:
        with pytest.raises(ScheduleError, match=message) as raised:
            Schedule(expression)
        assert str(raised.value).startswith(f"cron expression {expression!r}")
        assert "\n" not in str(raised.value)

    @pytest.mark.parametrize(
        ("zone", "hint"),
        [
            ("Europe/Amsterdm", "did you mean 'Europe/Amsterdam'?"),
            ("Amsterdam", "did you mean 'Europe/Amsterdam'?"),
            ("New York", "did you mean 'America/New_York'?"),
            ("qq", "it takes one such as 'Europe/Amsterdam'"),
            ("", "it takes one such as 'Europe/Amsterdam'"),
            ("../passwd", "it takes one such as 'Europe/Amsterdam'"),
        ],
    )
    def test_time_zone(self, zone: str, hint: str) -> None:
        with pytest.raises(ScheduleError) as raised:
            Schedule("* * * * *", time_zone=zone)
        assert str(raised.value) == f"unknown time_zone {zone!r}; {hint}"

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"cron": 5}, r"cron takes a string such as '\*/5 \* \* \* \*', not 5"),
            ({"cron": None}, "cron takes a string"),
            ({"time_zone": UTC}, "time_zone takes a string such as 'Europe/Amsterdam'"),
            ({"name": 7}, "name takes a string such as 'nightly', not 7"),
            ({"name": "a/b"}, "name takes printable characters but no '/', not 'a/b'"),
            ({"name": "a\0b"}, "name takes printable characters but no '/'"),
            ({"name": "x" * 201}, "name has at most 200 characters"),
            ({"missed": "never"}, "missed takes 'skip' or 'latest' or 'all', not 'never'"),
            ({"missed": ["all"]}, "missed takes"),
            ({"overlap": True}, "overlap takes 'allow' or 'skip', not True"),
            ({"missed_limit": 0}, "missed_limit takes a whole number from 1 to 1000, not 0"),
            ({"missed_limit": 1001}, "missed_limit takes"),
            ({"missed_limit": True}, "missed_limit takes"),
            ({"missed_limit": 2.5}, "missed_limit takes"),
        ],
    )
    def test_values(self, values: dict[str, Any], message: str) -> None:
        valid: dict[str, Any] = {"cron": "* * * * *"}
        with pytest.raises(ScheduleError, match=f"^{message}"):
            Schedule(**(valid | values))

    def test_is_a_value_error_and_one_of_ours(self) -> None:
        assert issubclass(ScheduleError, ValueError)
        assert issubclass(ScheduleError, JobsError)


class TestDeclaration:
    def test_defaults(self) -> None:
        declared = Schedule("* * * * *")
        assert dataclasses.asdict(declared) == {
            "cron": "* * * * *",
            "time_zone": "UTC",
            "args": None,
            "options": None,
            "name": "",
            "missed": "latest",
            "missed_limit": 100,
            "overlap": "allow",
        }

    def test_only_cron_is_positional(self) -> None:
        with pytest.raises(TypeError):
            Schedule("* * * * *", "UTC")  # pyright: ignore[reportCallIssue]

    def test_is_frozen(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            Schedule("* * * * *").cron = "@daily"  # pyright: ignore[reportAttributeAccessIssue]
