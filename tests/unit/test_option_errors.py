from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest

from jobs_runtime import Jobs, JobsError, OptionError, PayloadError, Schedule, ScheduleError
from jobs_runtime.options import MAX_SECONDS, Options, merge, validate
from jobs_runtime.suggestions import OURS


class Zoneless(tzinfo):
    """A zone that does not know its offset, which makes a datetime naive for all that."""

    def utcoffset(self, dt: datetime | None) -> None:
        return None


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("priority", True, "priority takes a whole number, not True"),
        ("priority", 1.5, "priority takes a whole number, not 1.5"),
        ("priority", "1", "priority takes a whole number, not '1'"),
        ("priority", None, "priority takes a whole number, not None"),
        (
            "priority",
            2**31,
            "priority must be between -2147483647 and 2147483647, not 2147483648",
        ),
        (
            "priority",
            -(2**31),
            "priority must be between -2147483647 and 2147483647, not -2147483648",
        ),
        ("retry_limit", False, "retry_limit takes a whole number, not False"),
        ("retry_limit", -1, "retry_limit must be between 0 and 30000, not -1"),
        ("retry_limit", 30_001, "retry_limit must be between 0 and 30000, not 30001"),
        ("retry_delay", True, "retry_delay takes a number of seconds or a timedelta, not True"),
        ("retry_delay", "5", "retry_delay takes a number of seconds or a timedelta, not '5'"),
        ("retry_delay", None, "retry_delay takes a number of seconds or a timedelta, not None"),
        (
            "retry_delay",
            -0.5,
            f"retry_delay must be between 0 and {MAX_SECONDS} seconds, not -0.5",
        ),
        (
            "retry_delay",
            timedelta(seconds=-1),
            f"retry_delay must be between 0 and {MAX_SECONDS} seconds, not -1.0",
        ),
        (
            "retry_delay",
            float("nan"),
            f"retry_delay must be between 0 and {MAX_SECONDS} seconds, not nan",
        ),
        (
            "retry_delay",
            float("inf"),
            f"retry_delay must be between 0 and {MAX_SECONDS} seconds, not inf",
        ),
        ("retry_backoff", 1, "retry_backoff takes True or False, not 1"),
        ("retry_backoff", None, "retry_backoff takes True or False, not None"),
        (
            "retry_max_delay",
            -1,
            f"retry_max_delay must be between 0 and {MAX_SECONDS} seconds, not -1",
        ),
        ("expire_in", 0, "expire_in must be more than 0 seconds"),
        ("expire_in", -1, f"expire_in must be between 0 and {MAX_SECONDS} seconds, not -1"),
        ("expire_in", None, "expire_in takes a number of seconds or a timedelta, not None"),
        ("keep_for", 0, "keep_for must be more than 0 seconds"),
        ("keep_finished_for", 0.0, "keep_finished_for must be more than 0 seconds"),
        ("on_complete", "", "on_complete takes a declared job or the name of one, not ''"),
        ("dead_letter", 7, "dead_letter takes a declared job or the name of one, not 7"),
        ("dead_letter", "a\0b", "dead_letter has a character that Postgres cannot keep: 'a\\x00b'"),
        ("start_after", -1, f"start_after must be between 0 and {MAX_SECONDS} seconds, not -1"),
        (
            "start_after",
            timedelta(days=-1),
            f"start_after must be between 0 and {MAX_SECONDS} seconds, not -86400.0",
        ),
        (
            "start_after",
            True,
            "start_after takes seconds or a timedelta from now, a datetime with a time zone or an"
            " ISO 8601 string, not True",
        ),
        (
            "start_after",
            date(2030, 1, 1),
            "start_after takes seconds or a timedelta from now, a datetime with a time zone or an"
            " ISO 8601 string, not datetime.date(2030, 1, 1)",
        ),
        (
            "start_after",
            datetime(2030, 1, 1),
            "start_after needs a time zone: 2030-01-01T00:00:00 names a different moment on every"
            " host; use datetime.now(UTC) or an offset such as +00:00",
        ),
        (
            "start_after",
            datetime(2030, 1, 1, tzinfo=Zoneless()),
            "start_after needs a time zone: 2030-01-01T00:00:00 names a different moment on every"
            " host; use datetime.now(UTC) or an offset such as +00:00",
        ),
        (
            "start_after",
            "2030-01-01T09:00:00",
            "start_after needs a time zone: 2030-01-01T09:00:00 names a different moment on every"
            " host; use datetime.now(UTC) or an offset such as +00:00",
        ),
        (
            "start_after",
            "tomorrow",
            "start_after takes an ISO 8601 time such as '2030-01-31T09:00:00+01:00',"
            " not 'tomorrow'",
        ),
        (
            "start_after",
            datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
            "start_after is out of range: 0001-01-01T00:00:00+14:00",
        ),
        (
            "start_after",
            "9999-12-31T23:00:00-14:00",
            "start_after is out of range: 9999-12-31T23:00:00-14:00",
        ),
    ],
)
def test_a_bad_value_is_one_clear_line(key: str, value: object, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        merge({key: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("priority", -(2**31) + 1),
        ("priority", 2**31 - 1),
        ("retry_limit", 30_000),
        ("retry_delay", MAX_SECONDS),
        ("expire_in", 0.001),
        ("start_after", timedelta(seconds=MAX_SECONDS)),
    ],
)
def test_the_edges_of_a_range_are_in_it(key: str, value: object) -> None:
    validate({key: value})


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("retry_limits", "'retry_limit'"),
        ("retrylimit", "'retry_limit'"),
        ("prioriti", "'priority'"),
        ("expires_in", "'expire_in'"),
        ("start_afer", "'start_after'"),
        ("retry_back_off", "'retry_backoff'"),
        ("retryLimit", "'retry_limit'"),
        ("expireInSeconds", "'expire_in'"),
        ("useSingletonQueue", "'singleton_queue'"),
        ("singletonMinutes", "'singleton_seconds'"),
        ("retentionDays", "'keep_for'"),
        ("deadLetter", "'dead_letter'"),
        ("timeout", "'expire_in'"),
        ("countdown", "'start_after'"),
        ("max_retries", "'retry_limit'"),
    ],
)
def test_an_unknown_option_is_told_the_nearest(key: str, nearest: str) -> None:
    with pytest.raises(OptionError) as caught:
        merge({key: 1})
    assert str(caught.value) == f"unknown option {key!r}; did you mean {nearest}?"


@pytest.mark.parametrize("key", ["queue", "name", "concurrency"])
def test_what_is_said_of_a_job_is_told_from_its_options(key: str) -> None:
    with pytest.raises(OptionError) as caught:
        merge({key: "slow"})
    assert str(caught.value) == (
        f"unknown option {key!r}; it is an argument of @jobs.job(...), not an option"
    )


@pytest.mark.parametrize("ours", sorted(set(OURS.values())))
def test_what_is_suggested_is_an_option(ours: str) -> None:
    assert ours in Options.__struct_fields__


def test_an_option_like_none_is_told_them_all() -> None:
    with pytest.raises(OptionError) as caught:
        merge({"colour": 1})
    assert str(caught.value) == (
        "unknown option 'colour'; known are dead_letter, expire_in, keep_finished_for, keep_for,"
        " limit_key, on_complete, priority, retry_backoff, retry_delay, retry_limit,"
        " retry_max_delay, singleton_key, singleton_next_slot, singleton_queue, singleton_seconds,"
        " start_after"
    )


def test_errors_are_value_errors_and_jobs_errors() -> None:
    assert issubclass(OptionError, ValueError)
    assert issubclass(OptionError, JobsError)


class TestWhere:
    """Each of the places where options are given refuses a bad one there and then."""

    def test_in_the_defaults(self) -> None:
        with pytest.raises(OptionError, match="did you mean 'retry_limit'"):
            Jobs(retry_limits=2)  # pyright: ignore[reportCallIssue]

    def test_in_the_declaration(self) -> None:
        jobs = Jobs()
        with pytest.raises(OptionError, match="did you mean 'expire_in'"):
            jobs.job(expires_in=2)(bool)  # pyright: ignore[reportCallIssue]

        assert jobs.declared == {}

    def test_in_delay(self) -> None:
        jobs = Jobs()

        @jobs.job
        def noop() -> None: ...

        with pytest.raises(OptionError, match="start_after must be between 0"):
            noop.delay(-1)
        with pytest.raises(OptionError, match="delay takes seconds or a moment, not None"):
            noop.delay(None)  # pyright: ignore[reportArgumentType]

    def test_in_submit_before_any_connection(self) -> None:
        jobs = Jobs("postgresql://127.0.0.1:1/nowhere")

        @jobs.job
        def noop() -> None: ...

        with pytest.raises(OptionError, match="unknown option 'retry'"):
            noop.submit(retry=2)  # pyright: ignore[reportCallIssue]

    def test_in_submit_where_an_argument_was_meant(self) -> None:
        @Jobs().job
        def double(number: int) -> int:
            return number * 2

        with pytest.raises(OptionError, match=r"submit\(argument\), not submit\(number=argument\)"):
            double.submit(number=21)  # pyright: ignore[reportCallIssue]

    def test_in_submit_without_a_name(self) -> None:
        @Jobs().job
        def add(both: tuple[int, int]) -> int:
            return sum(both)

        submit: Any = add.submit
        asubmit: Any = add.delay(5).asubmit
        message = r"^add is submitted with one argument, not 2: several values go into one, such as"
        with pytest.raises(PayloadError, match=message):
            submit(1, 2)
        with pytest.raises(PayloadError, match=message):
            asyncio.run(asubmit(1, 2))

    def test_in_a_schedule(self) -> None:
        with pytest.raises(ScheduleError, match=r"options takes a mapping such as .*, not 3"):
            Schedule("@daily", options=3)  # pyright: ignore[reportArgumentType]
