"""The model of the scaling guide gives the guide's figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.scaling.model import CEILING, CLAIM, Pool, random_arrivals

GUIDE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text()
ROWS = re.findall(
    r"^\| (\d) \| [\d.]+ \| ([\d.]+) \| [\d.]+ ms \| ([\d.]+) ms \|$", GUIDE, re.MULTILINE
)


@pytest.mark.parametrize(("hosts", "throughput", "wait"), ROWS)
def test_the_guide_tells_what_the_model_gives(hosts: str, throughput: str, wait: str) -> None:
    pool = Pool(int(hosts), workers=2, seconds=0.1)
    assert f"{pool.throughput():.1f}" == throughput
    arrivals = random_arrivals(0.7 * pool.throughput(), 50 * pool.slots)
    assert f"{1000 * pool.mean_wait(arrivals):.0f}" == wait


def test_the_guide_has_a_row_for_each_size() -> None:
    assert [row[0] for row in ROWS] == ["1", "2", "4"]
    assert f"{CLAIM:g}" in GUIDE


def test_one_postgres_is_the_ceiling() -> None:
    assert Pool(1000, 8, 0.001).throughput() == CEILING


def test_a_pool_that_is_hardly_used_hardly_waits() -> None:
    pool = Pool(2, 4, 1.0)
    assert pool.mean_wait(random_arrivals(0.1, 1000)) < 0.01
    assert pool.mean_wait(random_arrivals(20.0, 1000)) > 10
