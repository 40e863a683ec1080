"""An application whose jobs are kept by one executor or the other, and its workers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from jobs_runtime import Context, JobRecord, Jobs, JobState, SubmittedJob
from jobs_runtime.database import Connection
from jobs_runtime.executors.mixed import worker_executor
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.protocol import START
from jobs_runtime.model import Claim, Outcome, Progress

Args = dict[str, int]

MAKE_DUE = """
UPDATE jobs.job SET ready = true, start_after = now() - interval '1 second'
WHERE NOT ready AND claimed_by IS NULL
"""

MAKE_DUE_AT_NODE = """
UPDATE pgboss.job SET startafter = now() - interval '1 second'
WHERE state < 'active' AND startafter >= now()
"""


class House:
    """What is declared, and the tables it is in.

    Attributes:
        work: takes an object, and fails as often as it is told.
        eager: with other options than the built-in ones.
    """

    def __init__(self, executor: str, dsn: str, connection: Connection) -> None:
        self.name = executor
        self.connection = connection
        self.jobs = Jobs(dsn)
        self.work = self.jobs.job(executor=executor, name="work")(_work)
        self.eager = self.jobs.job(
            executor=executor, name="eager", priority=5, retry_limit=2, expire_in=60
        )(_work)

    def worker(self) -> Worker:
        """A new incarnation."""
        return Worker(self)

    def make_due(self) -> None:
        """Have the time of delayed jobs come."""
        self.connection.execute(MAKE_DUE if self.name == "postgres" else MAKE_DUE_AT_NODE)

    def record(self, submitted: SubmittedJob[Any]) -> JobRecord:
        return submitted.details()

    def submitted(self) -> list[SubmittedJob[Any]]:
        """What waits or runs, whoever submitted it."""
        table = "jobs.job" if self.name == "postgres" else "pgboss.job"
        rows = self.connection.execute(f"SELECT id::text FROM {table}").fetchall()  # pyright: ignore[reportArgumentType]
        found = (self.jobs.get(row[0]) for row in rows)
        return [each for each in found if each is not None]

    def waiting(self) -> int:
        """How many jobs wait or run."""
        table = "jobs.job" if self.name == "postgres" else "pgboss.job WHERE state < 'completed'"
        row = self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # pyright: ignore[reportArgumentType]
        assert row is not None
        return row[0]


class Worker:
    """An incarnation that claims and settles when told to."""

    def __init__(self, house: House) -> None:
        self._connection = house.connection
        self.executor = worker_executor(house.jobs.declared)
        operation = self.executor.register_worker("here", 0, 1)
        self.incarnation = run(self._connection, operation)

    def claim(self, queue: str = "work", limit: int = 100) -> list[Claim]:
        operation = self.executor.claim(queue, [queue], START, limit, self.incarnation)
        return run(self._connection, operation)

    def claim_one(self, queue: str = "work") -> Claim:
        (claim,) = self.claim(queue, 1)
        return claim

    def settle(self, *outcomes: Outcome) -> list[int]:
        """Store outcomes; gives the numbers of those that were still its own."""
        operations = self.executor.settle(outcomes, self.incarnation)
        return sorted(chain.from_iterable(run(self._connection, each) for each in operations))

    def end(
        self, claim: Claim, state: JobState, output: str | None = None, delay: float = 0.0
    ) -> bool:
        """Store one outcome; gives whether it was accepted."""
        outcome = Outcome(claim.job_id, state, 0.5, output, delay)
        return self.settle(outcome) == [claim.job_id]

    def finish(self, claim: Claim, output: str | None = None) -> bool:
        return self.end(claim, JobState.COMPLETED, output)

    def release(self, *claims: Claim) -> list[int]:
        ids = [claim.job_id for claim in claims]
        operations = self.executor.release(ids, self.incarnation)
        return sorted(chain.from_iterable(run(self._connection, each) for each in operations))

    def progress(self, claim: Claim, progress: Progress) -> None:
        run(self._connection, self.executor.progress(claim.job_id, progress, self.incarnation))

    def stopped(self, claim: Claim) -> None:
        run(self._connection, self.executor.stopped([claim.job_id], self.incarnation))

    def held(self) -> list[Claim]:
        operations = self.executor.held(self.incarnation)
        return list(chain.from_iterable(run(self._connection, each) for each in operations))

    def probe(self, queues: Sequence[str]) -> list[str]:
        return [each.queue for each in run(self._connection, self.executor.probe(queues))]


def id_of(claim: Claim) -> str:
    """What the application calls a claimed job."""
    return claim.submitted_id or str(claim.job_id)


def number_in(claim: Claim) -> str | None:
    """The number in the argument of a claimed job, as it is written."""
    return claim.args and claim.args.split(":")[1].strip(" }")


def _work(args: Args, context: Context) -> int:
    if context.attempt <= args.get("failures", 0):
        raise ValueError(f"attempt {context.attempt}")
    return sum(args.values())
