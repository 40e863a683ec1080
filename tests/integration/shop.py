"""An application with a database, and a worker whose every step is the test's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, LiteralString

from jobs_runtime import JobRecord, Jobs, JobState, SubmittedJob
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord, register_supervisor
from jobs_runtime.executors.protocol import START, Position
from jobs_runtime.model import Claim, Outcome

executor = PostgresExecutor()


class Shop:
    """An application's jobs; what is submitted waits, as nobody performs it."""

    def __init__(self, dsn: str | None) -> None:
        self.jobs = Jobs(dsn)
        self.noop = self.jobs.job(name="noop")(_noop)
        self.double = self.jobs.job(name="double")(_double)
        self.urgent = self.jobs.job(name="urgent", priority=5, retry_limit=2)(_double)
        self.mixed = self.jobs.job(name="mixed", queue="double")(_double)


class Worker:
    """A registered incarnation that claims and settles when told to."""

    def __init__(self, connection: Connection, supervisor_id: str = "here") -> None:
        self._connection = connection
        self.incarnation = run(connection, executor.register_worker(supervisor_id, 0, 1))

    def claim(
        self,
        queue: str = "double",
        names: Sequence[str] | None = None,
        *,
        after: Position = START,
        limit: int = 100,
    ) -> list[Claim]:
        wanted = names or [queue]
        operation = executor.claim(queue, wanted, after, limit, self.incarnation)
        return run(self._connection, operation)

    def claim_one(self, queue: str = "double") -> Claim:
        (claim,) = self.claim(queue, limit=1)
        return claim

    def settle(self, *outcomes: Outcome) -> list[int]:
        """Store outcomes; gives the ids that were still its own, sorted."""
        operations = executor.settle(outcomes, self.incarnation)
        return sorted(chain.from_iterable(run(self._connection, each) for each in operations))

    def finish(self, *ids: int, state: JobState = JobState.COMPLETED) -> list[int]:
        return self.settle(*(Outcome(job_id, state, 0.5) for job_id in ids))

    def retry(self, job_id: int, delay: float = 0.0) -> list[int]:
        return self.settle(Outcome(job_id, JobState.RETRY, 0.5, delay=delay))

    def release(self, *ids: int) -> list[int]:
        (release,) = executor.release(ids, self.incarnation)
        return run(self._connection, release)


def register(
    connection: Connection, supervisor_id: str, *schedules: str, generation: int = 0
) -> None:
    """Have a supervisor that declares these schedules."""
    place = (supervisor_id, "host", "place", 1, 1)
    record = SupervisorRecord(*place, ["double"], schedules, generation)
    run(connection, register_supervisor(record))


def number(connection: Connection, query: LiteralString, *parameters: object) -> int:
    """The one number that a query gives."""
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row[0]


def waiting(connection: Connection) -> int:
    """How many jobs wait or run."""
    return number(connection, "SELECT count(*) FROM jobs.job")


def ids(submitted: Sequence[SubmittedJob[Any]]) -> list[int]:
    """What they are called in the tables."""
    return [int(each.job_id) for each in submitted]


def details(connection: Connection, job_id: int) -> JobRecord:
    """A job that is there."""
    record = run(connection, executor.details(str(job_id)))
    assert record is not None
    return record


def _noop() -> None:
    """Nothing."""


def _double(number: int) -> int:
    return number * 2
