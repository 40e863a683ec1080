"""What an urgent job waited while a worker could have taken it."""

from __future__ import annotations

import pytest

from benchmarks.full import full_spells, wait_beyond


def test_a_spell_lasts_while_every_place_is_taken() -> None:
    starts, ends = [0.0, 1.0, 2.5], [2.0, 3.0, 4.0]
    assert full_spells(starts, ends, 2) == [(1.0, 2.0), (2.5, 3.0)]


def test_a_job_that_follows_at_once_leaves_its_place_free_for_no_time() -> None:
    assert full_spells([0.0, 0.0, 1.0], [1.0, 2.0, 2.0], 2) == [(0.0, 1.0), (1.0, 2.0)]


def test_there_is_no_spell_while_a_place_is_free() -> None:
    assert full_spells([0.0, 1.0], [1.5, 2.0], 3) == []


@pytest.mark.parametrize(
    ("began", "ended", "beyond"),
    [(0.0, 0.5, 0.5), (0.5, 1.5, 0.5), (1.2, 1.8, 0.0), (0.5, 4.0, 2.0), (3.5, 4.0, 0.5)],
)
def test_what_was_waited_beyond_the_spells(began: float, ended: float, beyond: float) -> None:
    assert wait_beyond([(1.0, 2.0), (2.5, 3.0)], began, ended) == pytest.approx(beyond)
