"""A sandbox: one transaction in which an application's jobs are submitted and performed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from psycopg.pq import TransactionStatus

from jobs_runtime.attempt import perform
from jobs_runtime.database import Connection
from jobs_runtime.errors import ConfigurationError, SchemaError
from jobs_runtime.executors.mixed import MixedExecutor, worker_executor
from jobs_runtime.executors.operation import Operation, run, scalar
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.executors.protocol import START
from jobs_runtime.failures import FailureLog
from jobs_runtime.job import Job
from jobs_runtime.model import Claim, JobRecord, Outcome, Progress
from jobs_runtime.options import Follower, OptionValues, as_mapping, validate
from jobs_runtime.submitted import SubmittedJob
from jobs_runtime.tracing import current_tracer, traced

if TYPE_CHECKING:
    from typing import Unpack

    from jobs_runtime.app import Jobs

Input = TypeVar("Input")

MOST = 10_000
"""Attempts that one `drain` makes: jobs that submit each other for ever are found out."""


def run_coroutine(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end, in a loop of its own as a worker would.

    In a test that is a coroutine itself, the loop runs in another thread meanwhile.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(copy_context().run, asyncio.run, coroutine).result()


class Sandbox:
    """What was submitted in one block, and a way to have it performed.

    Args:
        jobs: the application.
        connection: in the transaction that is undone at the end.
    """

    def __init__(self, jobs: Jobs, connection: Connection) -> None:
        self._jobs = jobs
        self._connection = connection
        self._executor = PostgresExecutor()
        self._began_after = run(connection, self._executor.reserve(1)).ids[0]
        self._incarnation = run(connection, self._executor.register_worker("sandbox", 0, 0))
        self._began_at = run(connection, Operation(b"SELECT now()", {}, scalar))

    def submitted(self, job: Job[Any, Any] | None = None) -> list[JobRecord]:
        """What was submitted so far, in order, to a pg-boss last; of one job or of all."""
        ids = run(self._connection, upkeep.submitted_since(self._began_after))
        return [
            record
            for record in map(self._record, [*ids, *self._ids_in_pg_boss()])
            if record is not None and (job is None or record.name == job.name)
        ]

    def _ids_in_pg_boss(self) -> list[str]:
        if not self._jobs.uses_pg_boss:
            return []
        try:
            return run(self._connection, self._jobs.pg_boss.executor.submitted_now())
        except SchemaError:  # nothing was submitted to tables that are not there
            return []

    def _record(self, job_id: str) -> JobRecord | None:
        executor = self._jobs.executor if job_id.isdigit() else self._jobs.pg_boss.executor
        return run(self._connection, executor.details(job_id))

    def assert_submitted(
        self,
        job: Job[Input, Any],
        args: Input | None = None,
        *,
        times: int | None = None,
        **options: Unpack[OptionValues],
    ) -> list[SubmittedJob[Any]]:
        """Check that a job was submitted, and give what was.

        Args:
            job: which.
            args: only submits with this argument count; None for any.
            times: how often exactly; None for at least once.
            options: only submits in which these options are in force, see `OptionValues`.

        Raises:
            AssertionError: it was not; the message lists what was submitted.
            PayloadError, OptionError: nothing can have been submitted with such an argument or
                option.
            ConfigurationError: options are given for a job that a pg-boss keeps.
        """
        if options and job.executor is not self._jobs.executor:
            raise ConfigurationError(
                f"job {job.name} is kept by {job.executor.name}, which does not keep every option;"
                " look at details().options of what assert_submitted gives without them"
            )
        expected = validate(as_mapping(options))
        wanted = None if args is None else msgspec.json.decode(str(job.input.encode(args)))
        found = [
            record
            for record in self.submitted(job)
            if (args is None or record.args == wanted)
            and all(_in_force(record, key, value) for key, value in expected.items())
        ]
        if len(found) != times if times is not None else not found:
            often = "at least once" if times is None else f"{times} times"
            what = [f"{job.name}({wanted!r})" if args is not None else job.name]
            what += [f"{key}={value!r}" for key, value in options.items()]
            raise AssertionError(
                f"expected {' '.join(what)} to be submitted {often}, found {len(found)};"
                f" submitted were:{self._listing()}"
            )
        return [SubmittedJob(self._jobs, record.job_id, job.name, job) for record in found]

    def assert_nothing_submitted(self) -> None:
        """Check that nothing was submitted.

        Raises:
            AssertionError: something was; the message lists it.
        """
        if self.submitted():
            raise AssertionError(f"expected no submit, but there were:{self._listing()}")

    def drain(self, *, delayed: bool = False) -> list[JobRecord]:
        """Perform what waits, and what that submits, until nothing is left.

        Args:
            delayed: perform delayed jobs and retries too, as if their time had come.

        Returns:
            The sandbox's own jobs that were performed, in order of their first attempt, as they
            stand now.

        Raises:
            AssertionError: there was no end to it.
        """
        self._executor = worker_executor(self._jobs.declared)
        registration = self._executor.register_worker("sandbox", 0, 0)
        self._incarnation = run(self._connection, registration)
        performed: dict[str, None] = {}
        for _ in range(MOST):
            if delayed:
                run(self._connection, upkeep.due_now())
            if isinstance(self._executor, MixedExecutor):
                run(self._connection, self._executor.due_now(delayed=delayed))
            claim = self._claim()
            if claim is None:
                return [
                    each for each in map(self._record, performed) if each and self._is_own(each)
                ]
            performed[claim.known_as] = None
            self._perform(claim)
        raise AssertionError(f"after {MOST} attempts there are still jobs:{self._listing()}")

    def _is_own(self, record: JobRecord) -> bool:
        """Whether it was submitted here."""
        if record.job_id.isdigit():
            return int(record.job_id) > self._began_after
        return record.created_at == self._began_at

    def _claim(self) -> Claim | None:
        names: dict[str, list[str]] = {}
        for job in self._jobs.declared.values():
            names.setdefault(job.queue, []).append(job.name)
        for queue, known in names.items():
            operation = self._executor.claim(queue, known, START, 1, self._incarnation)
            if claims := run(self._connection, operation):
                return claims[0]
        return None

    def _perform(self, claim: Claim) -> None:
        place = _SandboxWorkplace(self._jobs, self._connection, self._executor, self._incarnation)
        self._connection.execute("SAVEPOINT performing")
        job = self._jobs.declared[claim.name]
        attempt = partial(perform, job, claim, place, FailureLog())
        outcome = traced(current_tracer(), job.queue, claim, attempt)
        if self._connection.info.transaction_status == TransactionStatus.INERROR:
            # A worker's connection survives an error of the job's SQL, and so must this one.
            self._connection.execute("ROLLBACK TO SAVEPOINT performing")
        self._connection.execute("RELEASE SAVEPOINT performing")
        if not outcome.stored:
            for operation in self._executor.settle([outcome], self._incarnation):
                run(self._connection, operation)

    def _listing(self) -> str:
        lines = [f"\n  {_line(record)}" for record in self.submitted()]
        return "".join(lines) or " none"


def _in_force(record: JobRecord, key: str, value: object) -> bool:
    if key != "start_after":
        given = getattr(record.options, key)
        if isinstance(value, Follower) and isinstance(given, Follower):
            return value.name == given.name
        return given == value
    if isinstance(value, float) and record.start_after is not None:
        return (record.start_after - record.created_at).total_seconds() == value
    return record.start_after == value


def _line(record: JobRecord) -> str:
    text = f"{record.name}({record.args!r}) is {record.state.value}"
    if record.start_after is not None:
        text += f", not before {record.start_after.isoformat()}"
    return text


class _SandboxWorkplace:
    """Performs within the sandbox: a transaction is a savepoint."""

    def __init__(
        self, jobs: Jobs, connection: Connection, executor: PostgresExecutor, incarnation: int
    ) -> None:
        self._jobs = jobs
        self._connection = connection
        self._executor = executor
        self._incarnation = incarnation

    @property
    def dsn(self) -> str:
        return self._jobs.database.dsn

    def is_cancelled(self) -> bool:
        return False

    def run_coroutine(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return run_coroutine(coroutine)

    def report(self, job_id: int, progress: Progress) -> None:
        run(self._connection, self._executor.progress(job_id, progress, self._incarnation))

    def connection(self) -> Connection:
        return self._connection

    def begin(self) -> Connection:
        self._connection.execute("SAVEPOINT attempt")
        return self._connection

    def complete(self, outcome: Outcome) -> Outcome:
        for settle in self._executor.settle([outcome], self._incarnation):
            run(self._connection, settle)
        self._connection.execute("RELEASE SAVEPOINT attempt")
        return msgspec.structs.replace(outcome, stored=True)

    def roll_back(self) -> None:
        self._connection.execute("ROLLBACK TO SAVEPOINT attempt")
