from __future__ import annotations

from datetime import timedelta

import pytest

from jobs_runtime import Jobs, OptionError
from jobs_runtime.options import MAX_KEY, MAX_SECONDS, Options, merge


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("singleton_key", "", "singleton_key takes a string of 1 to 255 characters, not ''"),
        ("singleton_key", 7, "singleton_key takes a string of 1 to 255 characters, not 7"),
        ("singleton_key", b"a", "singleton_key takes a string of 1 to 255 characters, not b'a'"),
        ("singleton_queue", 1, "singleton_queue takes True or False, not 1"),
        ("singleton_queue", None, "singleton_queue takes True or False, not None"),
        ("singleton_next_slot", "yes", "singleton_next_slot takes True or False, not 'yes'"),
        ("singleton_seconds", 0, "singleton_seconds must be more than 0 seconds"),
        ("singleton_seconds", timedelta(0), "singleton_seconds must be more than 0 seconds"),
        (
            "singleton_seconds",
            "60",
            "singleton_seconds takes a number of seconds or a timedelta, not '60'",
        ),
        (
            "singleton_seconds",
            -1,
            f"singleton_seconds must be between 0 and {MAX_SECONDS} seconds, not -1",
        ),
    ],
)
def test_a_bad_value_is_one_clear_line(key: str, value: object, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        merge({key: value})
    assert str(caught.value) == message


def test_a_key_has_at_most_its_limit_of_characters() -> None:
    assert merge({"singleton_key": "ä" * MAX_KEY}).singleton_key == "ä" * MAX_KEY
    with pytest.raises(OptionError, match="singleton_key takes a string of 1 to 255 characters"):
        merge({"singleton_key": "ä" * (MAX_KEY + 1)})


def test_a_slot_may_be_given_as_a_timedelta() -> None:
    assert merge({"singleton_seconds": timedelta(minutes=5)}).singleton_seconds == 300.0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"singleton_queue": True}, "singleton_queue needs a singleton_key"),
        (
            {"singleton_queue": True, "singleton_seconds": 60},
            "singleton_queue needs a singleton_key",
        ),
        (
            {"singleton_queue": True, "singleton_key": "a", "singleton_seconds": 60},
            "singleton_queue and singleton_seconds exclude each other",
        ),
        ({"singleton_next_slot": True}, "singleton_next_slot needs singleton_seconds"),
        (
            {"singleton_next_slot": True, "singleton_key": "a"},
            "singleton_next_slot needs singleton_seconds",
        ),
    ],
)
def test_options_that_make_no_sense_together_are_refused(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(OptionError) as caught:
        merge(values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "values",
    [
        {"singleton_queue": True, "singleton_key": "a"},
        {"singleton_queue": False, "singleton_key": "a", "singleton_seconds": 60},
        {"singleton_next_slot": True, "singleton_seconds": 60},
        {"singleton_next_slot": True, "singleton_seconds": 60, "singleton_key": "a"},
    ],
)
def test_options_that_make_sense_together_are_taken_as_given(values: dict[str, object]) -> None:
    merged = merge(values)
    assert {key: getattr(merged, key) for key in values} == values


def test_what_goes_together_is_looked_at_over_all_layers() -> None:
    merged = merge({"singleton_key": "a"}, {"singleton_queue": True})
    assert (merged.singleton_key, merged.singleton_queue) == ("a", True)
    with pytest.raises(OptionError, match="singleton_queue needs a singleton_key"):
        merge({"singleton_key": "a", "singleton_queue": True}, {"singleton_key": None})


def test_options_that_exclude_each_other_are_refused_when_all_are_known() -> None:
    jobs = Jobs(singleton_seconds=60)

    @jobs.job(singleton_queue=True)
    def noop() -> None: ...

    with pytest.raises(OptionError, match="exclude each other"):
        noop.submit(singleton_key="a")


@pytest.mark.parametrize(
    ("options", "unique"),
    [
        (Options(), False),
        (Options(singleton_key="a"), True),
        (Options(singleton_seconds=1.0), True),
        (Options(singleton_key="a", singleton_queue=True), True),
    ],
)
def test_only_a_key_or_a_slot_can_make_duplicates(options: Options, unique: bool) -> None:
    assert options.unique is unique
