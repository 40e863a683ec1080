"""How many jobs to claim at once: pure."""

from __future__ import annotations

TARGET = 0.05
"""Seconds of work that one claim should hold: a slow job is claimed alone.

While workers are in long jobs, the others claim less of it, in proportion to how many are left:
something urgent waits for the next of them, and so no longer than it would for the whole pool.
"""

LONG = 0.1
"""Seconds after which a job is long: two claims of work."""

LARGEST = 800
"""The most jobs of one claim: their ids, 8 bytes each, are written into one page of 8 kB."""

WEIGHT = 0.2
"""How much the newest batch counts in the mean duration of a queue's jobs."""

GROWTH = 8
"""A queue's claim grows by at most this factor from one to the next."""


class Pace:
    """Knows how long the jobs of each queue take, and so how many fit into one claim."""

    def __init__(self) -> None:
        self._mean: dict[str, float] = {}
        self._last: dict[str, int] = {}

    def limit(self, queue: str, share: float = 1.0) -> int:
        """How many jobs to claim next from a queue; 1 while nothing is known of it.

        Args:
            queue: where to claim from.
            share: how much of the pool is not in a long job.
        """
        mean = self._mean.get(queue)
        if mean is None:
            return 1
        work = TARGET * share
        fitting = LARGEST if mean * LARGEST <= work else int(work / mean)
        return max(1, min(fitting, self._last.get(queue, 1) * GROWTH))

    def learn(self, queue: str, jobs: int, seconds: float) -> None:
        """Take in that so many jobs of a queue took so long together.

        A batch that is slower than the mean counts at once: one wrong guess upwards is enough.
        """
        if jobs == 0:
            return
        took = seconds / jobs
        mean = self._mean.get(queue, took)
        weight = 0.5 if took > mean else WEIGHT
        self._mean[queue] = mean + (took - mean) * weight
        self._last[queue] = jobs
