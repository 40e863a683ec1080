"""When a worker is replaced though nothing is wrong with it: pure."""

from __future__ import annotations

from dataclasses import dataclass

JITTER = 0.1
"""Limits vary by this share from worker to worker, so that a pool is not renewed all at once."""

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Recycling:
    """Limits; None for no limit.

    Attributes:
        max_jobs: attempts.
        max_age: seconds.
        max_memory: resident memory, in MB.
    """

    max_jobs: float | None = None
    max_age: float | None = None
    max_memory: float | None = None

    def varied(self, share: float) -> Recycling:
        """These limits for one worker, for a `share` drawn from [0, 1)."""
        factor = 1 - JITTER + 2 * JITTER * share
        jobs = None if self.max_jobs is None else max(1.0, self.max_jobs * factor)
        age = None if self.max_age is None else self.max_age * factor
        return Recycling(jobs, age, self.max_memory)

    def reason(self, jobs: int, age: float, resident_bytes: int) -> str | None:
        """Why a worker is to be replaced now; None if it is not."""
        if self.max_jobs is not None and jobs >= self.max_jobs:
            return f"it has made {jobs:,} attempts"
        if self.max_age is not None and age >= self.max_age:
            return f"it is {age:.0f} s old"
        if self.max_memory is not None and resident_bytes >= self.max_memory * MB:
            return f"it has {resident_bytes / MB:,.0f} MB resident"
        return None
