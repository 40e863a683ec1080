"""What a worker asks for when it claims, and what it learns from the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.protocol import START, Position
from jobs_runtime.model import Claim
from jobs_supervisor.counters import WorkerCounters
from jobs_supervisor.worker.assignment import WorkerAssignment
from jobs_supervisor.worker.pace import LONG, Pace
from jobs_supervisor.worker.rotation import Rotation


class Look(NamedTuple):
    """One claim, and what goes to the server with it.

    Attributes:
        queue: where to claim from.
        after: from which position of it.
        limit: how many jobs.
        is_last: every queue ran dry: the worker waits if this finds nothing, too.
        probes: whether other queues are asked for work along with it.
        operations: the claim comes last, the word that a worker may wait first.
    """

    queue: str
    after: Position
    limit: int
    is_last: bool
    probes: bool
    operations: Sequence[Operation[Any]]


class Claiming:
    """Chooses each claim of one worker.

    Args:
        assignment: what the worker performs, and beside whom.
        counters: where it counts.

    Attributes:
        incarnation: under which it claims.
        rotation: which queue is next.
        pace: how many jobs at once.
    """

    def __init__(self, assignment: WorkerAssignment, counters: WorkerCounters) -> None:
        self.incarnation = 0
        self.rotation = Rotation()
        self.pace = Pace()
        self._executor = assignment.executor
        self._supervisor_id = assignment.supervisor_id
        self._pool = assignment.slots
        self._counters = counters
        self._names_of = assignment.names_by_queue()
        self._queues = list(self._names_of)
        self._limits = {job.queue: job.limits for job in assignment.jobs.values() if job.limits}
        self._last_queue = self._queues[0]

    def next(self, now: float, most: int, *, looked_last: bool) -> Look | None:
        """The next claim; None if there is nothing more to look for.

        Args:
            now: in seconds of the monotonic clock.
            most: how many jobs the worker may take.
            looked_last: whether the last look before a wait was made.
        """
        self.rotation.pool, share = self._pool.at_hand(now, LONG)
        turn = self.rotation.next(now, share)
        if turn is None and looked_last:
            return None
        queue, after = turn or self.rotation.last(self._last_queue, now)
        unknown = self.rotation.unknown(self._queues, now, besides=queue)
        limit = min(self.pace.limit(queue, share), most)
        if queue in self._limits:
            after, limit = START, 1
        # Submits must know that a worker may wait before it looks for the last time.
        idle = [self._executor.going_idle(self._supervisor_id)] if turn is None else []
        probe = [self._executor.probe(unknown)] if unknown else []
        operations = [*idle, *probe, *self._claim(queue, after, limit)]
        return Look(queue, after, limit, turn is None, bool(unknown), operations)

    def took(self, look: Look, answers: Sequence[Any], now: float, cost: float) -> list[Claim]:
        """Take in what came back; gives the jobs claimed.

        Args:
            look: what was asked for.
            answers: one for each of its operations.
            now: when it was asked for.
            cost: the seconds it took.
        """
        claims: list[Claim] = answers[-1]
        if look.probes:
            self.rotation.refresh(answers[int(look.is_last)], now, cost)
        self.rotation.took(look.queue, look.after, claims, look.limit, now, cost)
        self._counters.claimed(len(claims), cost)
        if claims:
            self._last_queue = look.queue
        return claims

    def _claim(self, queue: str, after: Position, limit: int) -> list[Operation[Any]]:
        names, limits = self._names_of[queue], self._limits.get(queue)
        if limits is not None:
            return self._executor.claim_limited(queue, names, limits, self.incarnation)
        return [self._executor.claim(queue, names, after, limit, self.incarnation)]
