from __future__ import annotations

import pytest

from jobs_supervisor.worker.recycling import Recycling

LIMITS = Recycling(max_jobs=100, max_age=60, max_memory=200)


@pytest.mark.parametrize(
    ("jobs", "age", "resident", "reason"),
    [
        (99, 59.9, 199_999_999, None),
        (100, 0, 0, "it has made 100 attempts"),
        (0, 60, 0, "it is 60 s old"),
        (0, 0, 200_000_000, "it has 200 MB resident"),
    ],
)
def test_each_limit_has_its_reason(
    jobs: int, age: float, resident: int, reason: str | None
) -> None:
    assert LIMITS.reason(jobs, age, resident) == reason


def test_without_limits_a_worker_stays() -> None:
    assert Recycling().varied(0.3).reason(10**9, 1e9, 10**12) is None


def test_limits_vary_by_a_tenth_and_memory_does_not() -> None:
    low, high = LIMITS.varied(0), LIMITS.varied(0.999_999)
    assert (low.max_jobs, low.max_age, low.max_memory) == (90, 54, 200)
    assert (high.max_jobs, high.max_age) == (109, pytest.approx(66))
    assert [Recycling(max_jobs=1).varied(share).max_jobs for share in (0, 0.9)] == [1, 1]
