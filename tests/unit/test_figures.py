"""Figures and axes of the dashboards' pictures."""

from __future__ import annotations

import pytest

from grafana.canvas import ticks_up_to
from grafana.figures import written


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "s", "0"),
        (0.00493, "s", "4.93 ms"),
        (90.0, "s", "1.5 min"),
        (1.25e-5, "short", "1.25e-05"),
        (2410.0, "short", "2.41k"),
        (37.5 * 2**20, "bytes", "37.5 MiB"),
        (0.8, "percentunit", "80 %"),
        (101.0, "ops", "101/s"),
    ],
)
def test_figures_are_written_as_a_person_would(value: float, unit: str, text: str) -> None:
    assert written(value, unit) == text


@pytest.mark.parametrize("most", [0.0, 0.013, 1.0, 7.0, 43.5, 689.0, 3.7e7])
def test_an_axis_reaches_as_far_as_the_data_and_hardly_further(most: float) -> None:
    ticks = ticks_up_to(most)
    assert ticks[0] == 0
    assert most <= ticks[-1] <= max(2 * most, 1)
    assert 2 <= len(ticks) <= 6
