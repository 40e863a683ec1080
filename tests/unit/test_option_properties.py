from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from jobs_runtime.executors.postgres.rows import read_options, stored_options
from jobs_runtime.options import MAX_KEY, MAX_SECONDS, Options, merge, moment, seconds, validate

DURATIONS = (
    st.integers(0, MAX_SECONDS)
    | st.floats(0, MAX_SECONDS)
    | st.timedeltas(timedelta(0), timedelta(seconds=MAX_SECONDS))
)
# Postgres keeps no zero byte; UTF-8 has no lone surrogate.
TEXT = st.characters(codec="utf-8", exclude_characters="\x00")
AWARE = st.datetimes(datetime(1900, 1, 1), datetime(3000, 1, 1), timezones=st.timezones())

LAYERS = st.fixed_dictionaries(
    {},
    optional={
        "priority": st.integers(-(2**31) + 1, 2**31 - 1),
        "retry_limit": st.integers(0, 30_000),
        "retry_delay": DURATIONS,
        "retry_backoff": st.booleans(),
        "retry_max_delay": st.none() | DURATIONS,
        "expire_in": DURATIONS.filter(lambda value: value not in (0, timedelta(0))),
        "start_after": st.none() | DURATIONS | AWARE,
        "keep_for": st.none() | DURATIONS.filter(lambda value: value not in (0, timedelta(0))),
        "on_complete": st.none() | st.text(TEXT, min_size=1),
        "singleton_key": st.text(TEXT, min_size=1, max_size=MAX_KEY),
    },
)

Layer = Mapping[str, object]


@given(LAYERS, LAYERS, LAYERS)
def test_merging_is_the_same_in_one_go_and_by_steps(first: Layer, second: Layer, third: Layer):
    together = merge(first, second, third)
    assert together == merge({**first, **second}, third) == merge(first, {**second, **third})


@given(LAYERS, LAYERS)
def test_the_last_word_on_a_key_counts(weaker: Layer, stronger: Layer):
    merged = msgspec.structs.asdict(merge(weaker, stronger))
    for key, value in validate(stronger).items():
        implied = 1.0 if key == "retry_delay" and merged["retry_backoff"] else value
        assert merged[key] == (value or implied)


@given(LAYERS)
def test_an_empty_layer_changes_nothing(layer: Layer):
    assert merge(layer) == merge({}, layer) == merge(layer, {}) == merge(layer, layer)


@given(LAYERS)
def test_checking_twice_is_checking_once(layer: Layer):
    assert validate(validate(layer)) == validate(layer)


@given(LAYERS)
def test_a_retry_that_waits_is_a_retry_that_happens_unless_forbidden(layer: Layer):
    merged = merge(layer)
    if "retry_limit" in layer:
        assert merged.retry_limit == layer["retry_limit"]
    else:
        assert merged.retry_limit == (1 if merged.retry_delay or merged.retry_backoff else 0)
    assert merged.retry_delay > 0 or not merged.retry_backoff


@given(DURATIONS)
def test_a_duration_is_its_seconds(duration: float | timedelta):
    expected = duration.total_seconds() if isinstance(duration, timedelta) else duration
    read = seconds("expire_in", duration)
    assert type(read) is float
    assert read == expected


@given(AWARE)
def test_a_moment_stays_the_same_instant_in_any_zone(when: datetime):
    expected = when.astimezone(UTC)
    assert moment("start_after", when) == expected
    assert moment("start_after", expected.isoformat()) == expected
    read = moment("start_after", when)
    assert isinstance(read, datetime)
    assert read.tzinfo is UTC


@given(LAYERS)
def test_options_come_back_from_the_columns_they_are_kept_in(layer: Layer):
    """The moment has a column of its own and plays no part once the job is claimed."""
    options = merge(layer)
    expected: Options = msgspec.structs.replace(options, start_after=None)
    assert read_options(stored_options(options), -options.priority) == expected


def test_built_in_options_take_no_room():
    assert stored_options(merge({"priority": 5, "start_after": 10})) is None
