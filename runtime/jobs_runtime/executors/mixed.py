"""What a worker needs when its jobs are kept in two places: our own tables and those of a pg-boss.

A queue is in one of them. A claimed job's number says where it is: those of leases are negative.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.pgboss import PgBossClient, PgBossLeases
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.executors.protocol import Position, ReadyQueue
from jobs_runtime.model import Claim, Outcome, Progress

if TYPE_CHECKING:
    from jobs_runtime.job import Job

Result = TypeVar("Result")


def worker_executor(jobs: Mapping[str, Job[Any, Any]]) -> PostgresExecutor:
    """What a worker needs for these jobs."""
    leases, queues = None, list[str]()
    for job in jobs.values():
        if isinstance(job.executor, PgBossClient):
            leases = leases or PgBossLeases(job.executor.schema)
            queues.append(job.queue)
    return PostgresExecutor() if leases is None else MixedExecutor([leases], queues)


class MixedExecutor(PostgresExecutor):
    """Our own tables, and leases on jobs in others.

    Args:
        leases: of each schema of pg-boss; claims are made in the first.
        leased_queues: the queues that are in it.
    """

    def __init__(self, leases: Sequence[PgBossLeases], leased_queues: Collection[str] = ()) -> None:
        self.leases = leases
        self._leased_queues = frozenset(leased_queues)

    @property
    def channel(self) -> str | None:
        """Where Node notifies of jobs in them; None if its version does not."""
        return self.leases[0].channel

    def register_worker(self, supervisor_id: str, slot: int, pid: int) -> Operation[int]:
        """Begin an incarnation, once it is known what the tables are."""
        return self.look(super().register_worker(supervisor_id, slot, pid))

    def look(self, then: Result | Operation[Result]) -> Operation[Result]:
        """Find out what the tables are that claims are made in, and go on with `then`."""
        return self.leases[0].look(then)

    def due_now(self, *, delayed: bool) -> Operation[None]:
        """Have the time of leased queues' jobs come, in a transaction in which no time passes."""
        return self.leases[0].due_now(sorted(self._leased_queues), delayed=delayed)

    def probe(self, queues: Sequence[str]) -> Operation[list[ReadyQueue]]:
        """Which of the queues have claimable jobs."""
        leased = [queue for queue in queues if queue in self._leased_queues]
        own = super().probe([queue for queue in queues if queue not in self._leased_queues])
        theirs = self.leases[0].probe(leased)
        sql = own.sql + b"UNION ALL\n" + theirs.sql
        return Operation(sql, {**own.parameters, **theirs.parameters}, own.read)

    def claim(
        self, queue: str, names: Sequence[str], after: Position, limit: int, incarnation: int
    ) -> Operation[list[Claim]]:
        """Take up to `limit` jobs of one queue, in order; from the start if it is leased."""
        if queue in self._leased_queues:
            return self.leases[0].claim(queue, limit, incarnation)
        return super().claim(queue, names, after, limit, incarnation)

    def settle(self, outcomes: Sequence[Outcome], incarnation: int) -> list[Operation[list[int]]]:
        """Store outcomes; each operation gives the ids it still owned."""
        leased = [outcome for outcome in outcomes if outcome.job_id < 0]
        own = [outcome for outcome in outcomes if outcome.job_id > 0]
        operations = super().settle(own, incarnation)
        if leased:
            operations += [each.settle(leased, incarnation) for each in self.leases]
        return operations

    def release(self, ids: Sequence[int], incarnation: int) -> list[Operation[list[int]]]:
        """Give unstarted jobs back with the attempt refunded."""
        leased = [job_id for job_id in ids if job_id < 0]
        own = [job_id for job_id in ids if job_id > 0]
        operations = super().release(own, incarnation) if own else []
        if leased:
            operations += [each.release(leased, incarnation) for each in self.leases]
        return operations

    def held(self, incarnation: int) -> list[Operation[list[Claim]]]:
        """What an incarnation holds."""
        return [*super().held(incarnation), *(each.held(incarnation) for each in self.leases)]

    def progress(self, job_id: int, progress: Progress, incarnation: int) -> Operation[Any]:
        """Keep how far an attempt has come."""
        if job_id < 0:
            return self.leases[0].progress(job_id, progress, incarnation)
        return super().progress(job_id, progress, incarnation)

    def stopped(self, ids: Sequence[int], incarnation: int) -> Operation[Any]:
        """Say that attempts cancelled while running have ended; all of them from one queue."""
        if ids[0] < 0:
            return self.leases[0].stopped(ids, incarnation)
        return super().stopped(ids, incarnation)
