"""The formula is pg-boss's; see "Retry time" in the reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_runtime.options import Options
from jobs_runtime.retry import MAX_DOUBLINGS, may_retry, retry_delay

JITTER = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(("limit", "performed"), [(0, 1), (1, 2), (2, 3), (30_000, 30_001)])
def test_the_attempts_are_the_limit_and_one(limit: int, performed: int) -> None:
    options = Options(retry_limit=limit)
    attempt = 1
    while may_retry(attempt, options):
        attempt += 1
    assert attempt == performed


@pytest.mark.parametrize("attempt", [1, 2, 50])
def test_without_backoff_the_delay_is_what_was_asked_for(attempt: int) -> None:
    assert retry_delay(attempt, Options(retry_delay=7.5), jitter=0.9) == 7.5
    assert retry_delay(attempt, Options(), jitter=0.9) == 0


@pytest.mark.parametrize(
    ("attempt", "jitter", "expected"),
    [
        (1, 0.0, 10.0),
        (1, 0.91, 19.1),
        (2, 0.0, 20.0),
        (2, 0.5, 30.0),
        (3, 0.0, 40.0),
        (4, 0.25, 100.0),
        (16, 0.0, 10 * 2.0**15),
        (17, 0.0, 10 * 2.0**15),
        (30_000, 0.0, 10 * 2.0**15),
    ],
)
def test_backoff_doubles_and_spreads(attempt: int, jitter: float, expected: float) -> None:
    options = Options(retry_delay=10, retry_backoff=True)
    assert retry_delay(attempt, options, jitter) == pytest.approx(expected)


@given(st.integers(1, 40_000), st.floats(0.001, 4e4), JITTER)
def test_backoff_stays_between_d_2_to_the_n_and_twice_that(
    attempt: int, delay: float, jitter: float
) -> None:
    lowest = delay * 2 ** min(MAX_DOUBLINGS, attempt - 1)
    options = Options(retry_delay=delay, retry_backoff=True)
    assert lowest <= retry_delay(attempt, options, jitter) <= 2 * lowest


@given(st.integers(1, 100), st.floats(0, 1e6), st.booleans(), st.floats(0, 1e6), JITTER)
def test_no_delay_is_longer_than_the_longest(
    attempt: int, delay: float, backoff: bool, longest: float, jitter: float
) -> None:
    free = Options(retry_delay=delay, retry_backoff=backoff)
    bound = Options(retry_delay=delay, retry_backoff=backoff, retry_max_delay=longest)
    assert retry_delay(attempt, bound, jitter) == min(retry_delay(attempt, free, jitter), longest)


@given(st.integers(1, 100), st.floats(0, 1e6), JITTER)
def test_a_later_attempt_never_waits_less_with_the_same_jitter(
    attempt: int, delay: float, jitter: float
) -> None:
    options = Options(retry_delay=delay, retry_backoff=True)
    assert retry_delay(attempt, options, jitter) <= retry_delay(attempt + 1, options, jitter)
