"""What a pool should reach, from hosts, workers and how long a job takes: no measuring here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import accumulate
from random import Random

CLAIM = 0.0012
"""Seconds of a worker for one claim and its commit, on the machine of the benchmarks."""

PICKUP = 0.003
"""Seconds of a submit's commit, its notification and a claim, on an idle pool."""

BATCH = 0.05
"""A worker claims at once as many jobs as make up so many seconds."""

CEILING = 66_000.0
"""Jobs a second of one Postgres with batches of no-ops, on that machine."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Hosts that perform one kind of job.

    Attributes:
        workers: of each host.
        seconds: that a job takes, always about the same.
    """

    hosts: int
    workers: int
    seconds: float

    @property
    def slots(self) -> int:
        """Workers of all hosts."""
        return self.hosts * self.workers

    @property
    def cost(self) -> float:
        """Seconds of a worker for one job: the job, and its share of a claim."""
        return self.seconds + CLAIM / max(1.0, BATCH / self.seconds if self.seconds else 800.0)

    def throughput(self) -> float:
        """Jobs a second while more wait than can be performed."""
        return min(self.slots / self.cost, CEILING)

    def mean_wait(self, arrivals: Sequence[float]) -> float:
        """Seconds on average from submit to start, for jobs that come at these moments.

        A simulation: each goes to the worker that is free first.
        """
        free = [0.0] * self.slots
        waited = 0.0
        for arrival in arrivals:
            begins = max(arrival, heappop(free))
            waited += begins - arrival
            heappush(free, begins + self.cost)
        return PICKUP + waited / len(arrivals)


def random_arrivals(rate: float, count: int, seed: int = 7) -> list[float]:
    """Moments at which jobs come independently of each other, so many a second on average."""
    chance = Random(seed)
    return list(accumulate(chance.expovariate(rate) for _ in range(count)))
