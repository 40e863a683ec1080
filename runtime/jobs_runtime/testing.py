"""For an application's own tests: perform a job inline, or submit into a sandbox and drain it.

In `conftest.py`, and then in a test:

    from jobs_runtime.testing import perform, sandbox_fixture

    submitted = sandbox_fixture(jobs)

    def test_an_order_has_its_invoice_rendered(submitted):
        place_order(7)
        submitted.assert_submitted(render_invoice, Invoice(7), times=1)
        assert submitted.drain()[0].state == "completed"

    def test_an_invoice_has_a_page():
        assert perform(render_invoice, Invoice(7)).pages == 1
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg

from jobs_runtime.app import Jobs
from jobs_runtime.attempt import call
from jobs_runtime.context import Context
from jobs_runtime.database import Connection
from jobs_runtime.job import Job
from jobs_runtime.model import Claim, JobState, Outcome, Progress
from jobs_runtime.options import merge
from jobs_runtime.sandbox import Sandbox, run_coroutine
from jobs_runtime.sandbox_database import SandboxDatabase
from jobs_runtime.unusable import unusable

__all__ = ["Sandbox", "perform", "sandbox", "sandbox_fixture"]

Input = TypeVar("Input")
Output = TypeVar("Output")


def perform(
    job: Job[Input, Output],
    args: Input | None = None,
    *,
    attempt: int = 1,
    cancelled: bool = False,
) -> Output:
    """Perform a job here and now, as a worker would: argument and result go through JSON.

    Args:
        job: which.
        args: what it is given.
        attempt: what `context.attempt` says.
        cancelled: what `context.cancelled` says.

    Raises:
        PayloadError: the argument or the result does not fit.
        Exception: whatever the job raises.
    """
    text = job.input.encode(args)  # pyright: ignore[reportArgumentType]
    claim = Claim(0, job.name, 0, attempt, 0, text, merge(*job.layers), 0.0)
    workplace = _Inline(job.jobs, cancelled=cancelled)
    context: Context[Any] = Context(claim, job.entities, workplace)
    try:
        result = call(job, job.input.decode(text), context, workplace)
        output = job.output.decode(job.output.encode(result))
        context.complete(Outcome(0, JobState.COMPLETED, 0.0))
        return output
    finally:
        context.close()
        workplace.close()


@contextmanager
def sandbox(jobs: Jobs) -> Generator[Sandbox]:
    """Have everything that is submitted in a block go into one transaction, undone at its end.

    The database must be migrated, and should be one for tests: `drain` performs what it finds.

    Raises:
        ConfigurationError: there is no DSN.
        SchemaMissing: the database has not been migrated.
        psycopg.OperationalError: the database cannot be reached.
    """
    kept = jobs.database
    with Connection.connect(kept.dsn) as connection, connection.transaction(force_rollback=True):
        jobs.database = SandboxDatabase(kept.dsn, connection)
        try:
            yield _opened(jobs, connection)
        finally:
            jobs.database = kept


def _opened(jobs: Jobs, connection: Connection) -> Sandbox:
    try:
        return Sandbox(jobs, connection)
    except (psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedTable) as error:
        raise unusable(error) from error


def sandbox_fixture(jobs: Jobs) -> Callable[..., Any]:
    """A pytest fixture that gives each test a `sandbox` of its own."""
    import pytest

    @pytest.fixture
    def submitted() -> Generator[Sandbox]:
        with sandbox(jobs) as opened:
            yield opened

    return submitted


class _Inline:
    """A workplace without a worker; a transaction commits when the job has returned."""

    def __init__(self, jobs: Jobs, *, cancelled: bool) -> None:
        self._jobs = jobs
        self._cancelled = cancelled
        self._connection: Connection | None = None

    @property
    def dsn(self) -> str:
        return self._jobs.database.dsn

    def is_cancelled(self) -> bool:
        return self._cancelled

    def run_coroutine(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return run_coroutine(coroutine)

    def report(self, job_id: int, progress: Progress) -> None:
        """Nobody looks."""

    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = psycopg.connect(self.dsn, autocommit=True)
        return self._connection

    def begin(self) -> Connection:
        connection = self.connection()
        connection.execute("BEGIN")
        return connection

    def complete(self, outcome: Outcome) -> Outcome:
        self.connection().commit()
        return outcome

    def roll_back(self) -> None:
        self.connection().rollback()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
