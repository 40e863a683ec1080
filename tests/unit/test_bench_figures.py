from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Summary, percentile, ratio, readable, summaries, summarise
from benchmarks.rates import Sample, rate, windows

FIGURES = st.floats(0.001, 1e9)


@given(st.lists(FIGURES, min_size=1))
def test_a_median_lies_between_the_least_and_the_greatest(values: list[float]) -> None:
    summary = summarise(values)
    assert summary.low <= summary.median <= summary.high
    assert summary.runs == len(values)


def test_a_figure_that_some_runs_lack_is_summarised_over_the_others() -> None:
    found = summaries([{"a": 1.0, "b": 5.0}, {"a": 3.0}])
    assert found == {"a": Summary(2.0, 1.0, 3.0, 2), "b": Summary(5.0, 5.0, 5.0, 1)}


def test_what_never_happened_in_most_runs_has_no_ratio() -> None:
    never, ours = summarise([math.inf, math.inf, 3.0]), summarise([2.0])
    assert ratio(never, ours) is None
    assert ratio(ours, never) is None
    assert ratio(ours, summarise([0.0])) is None
    assert ratio(ours, None) is None
    assert ratio(summarise([3.0]), ours) == 1.5


@pytest.mark.parametrize(
    ("which", "expected"), [(50, 50.5), (95, pytest.approx(95.05)), (99, pytest.approx(99.01))]
)
def test_percentiles_of_one_to_a_hundred(which: int, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], which) == expected


@given(st.lists(FIGURES, min_size=1), st.integers(1, 99))
def test_a_percentile_is_never_beyond_the_values(values: list[float], which: int) -> None:
    assert min(values) * 0.999 <= percentile(values, which) <= max(values) * 1.001


@pytest.mark.parametrize(
    ("value", "expected"),
    [(66_212.4, "66,212"), (12.345, "12.3"), (1.0606, "1.06"), (0.0, "0.00"), (math.inf, "never")],
)
def test_figures_have_as_many_digits_as_they_deserve(value: float, expected: str) -> None:
    assert readable(value) == expected


def test_the_first_tenth_is_left_out_of_a_rate() -> None:
    slow_start = [Sample(0, 0), Sample(1, 10), Sample(1.5, 60), Sample(2, 110)]
    assert rate(slow_start) == pytest.approx((110 - 60) / 0.5)


def test_two_seconds_are_left_out_if_a_tenth_takes_longer() -> None:
    samples = [Sample(float(n), n * n) for n in range(21)]
    assert rate(samples) == pytest.approx((400 - 4) / 18)


def test_a_rate_of_one_step_is_taken_from_the_start() -> None:
    assert rate([Sample(0, 0), Sample(0.5, 100)]) == pytest.approx(200)
    assert rate([Sample(0, 0)]) == 0


def test_windows_are_whole_and_follow_one_another() -> None:
    samples = [Sample(n / 2, n if n <= 20 else 20) for n in range(51)]
    assert windows(samples, 10) == pytest.approx([2.0, 0.0])


def test_late_readings_lose_no_window() -> None:
    samples = [Sample(n * 0.3, n * 3) for n in range(602)]
    assert len(windows(samples, 10)) == 18
    assert windows(samples, 10) == pytest.approx([10.0] * 18)
