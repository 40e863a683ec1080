"""How fast a count grew: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WARM_UP = 2.0
"""Seconds that are left out at the start, unless a tenth of all jobs were done earlier."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A count and the moment it was read."""

    when: float
    count: int


def rate(samples: Sequence[Sample]) -> float:
    """Counts a second, without the start, when not all workers may be there yet."""
    last = samples[-1]
    warm = next(
        sample
        for sample in samples
        if sample.count >= last.count / 10
        or sample.when >= samples[0].when + WARM_UP
        or sample is last
    )
    return between(warm, last) if warm.count < last.count else between(samples[0], last)


def between(first: Sample, last: Sample) -> float:
    """Counts a second from one sample to another."""
    seconds = last.when - first.when
    return (last.count - first.count) / seconds if seconds > 0 else 0.0


def windows(samples: Sequence[Sample], seconds: float) -> list[float]:
    """Counts a second in each whole window of that many seconds."""
    result: list[float] = []
    first = samples[0]
    for sample in samples:
        # Bounds stay on their grid: readings come a little late, which must not add up.
        if sample.when >= samples[0].when + (len(result) + 1) * seconds:
            result.append(between(first, sample))
            first = sample
    return result
