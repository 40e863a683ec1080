"""What a job writes in `context.transaction()` commits together with its completion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import text

from jobs_runtime import Context, Jobs, JobState
from jobs_runtime.database import Connection
from tests.integration.attempts import Performer, performing
from tests.integration.shop import Worker, number

TABLE = "CREATE TABLE ledger (amount integer PRIMARY KEY)"
INSERT = "INSERT INTO ledger VALUES (%s)"


@pytest.fixture
def jobs(dsn: str, connection: Connection) -> Iterator[Jobs]:
    connection.execute(TABLE)
    jobs = Jobs(dsn)
    yield jobs
    jobs.close()
    connection.execute("DROP TABLE ledger")


@pytest.fixture
def performer(dsn: str, worker: Worker) -> Iterator[Performer]:
    with performing(dsn, worker) as performer:
        yield performer


def ledger(connection: Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT amount FROM ledger ORDER BY amount")]


def test_the_writes_and_the_completion_appear_at_once(
    jobs: Jobs, performer: Performer, connection: Connection
) -> None:
    @jobs.job
    def pay(amount: int, context: Context) -> str:
        with context.transaction() as own:
            own.execute(INSERT, [amount])
        with context.transaction() as again:
            again.execute(INSERT, [amount + 1])
        context.connection.execute(INSERT, [amount + 2])
        assert ledger(connection) == []
        return "paid"

    submitted = pay.submit(1)
    assert performer.perform(pay).stored
    assert ledger(connection) == [1, 2, 3]
    assert submitted.result(1) == "paid"


def test_a_failure_before_or_after_the_block_leaves_neither(
    jobs: Jobs, performer: Performer, connection: Connection
) -> None:
    @jobs.job
    def pay(after: bool, context: Context) -> None:
        with context.transaction() as own:
            own.execute(INSERT, [1])
            if not after:
                raise ValueError("within")
        raise ValueError("after")

    for after in (False, True):
        submitted = pay.submit(after)
        assert performer.perform(pay).state is JobState.FAILED
        assert submitted.details().state is JobState.FAILED
        assert ledger(connection) == []


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_block_within_raises_undoes_that_block_alone(
    jobs: Jobs, performer: Performer, connection: Connection, fails: bool
) -> None:
    @jobs.job(retry_limit=0)
    def pay(args: None, context: Context) -> None:
        with context.transaction() as own:
            own.execute(INSERT, [1])
            with suppress(LookupError), context.transaction() as inner:
                inner.execute(INSERT, [2])
                raise LookupError("no such account")
            own.execute(INSERT, [3])
        with suppress(LookupError), context.transaction() as later:
            later.execute(INSERT, [4])
            raise LookupError("no such account")
        if fails:
            raise ValueError("after all")

    pay.submit(None)
    assert performer.perform(pay).state is (JobState.FAILED if fails else JobState.COMPLETED)
    assert ledger(connection) == ([] if fails else [1, 3])


def test_a_session_within_a_block_within_is_undone_with_it(
    jobs: Jobs, performer: Performer, connection: Connection
) -> None:
    insert = text("INSERT INTO ledger VALUES (:amount)")

    @jobs.job
    def pay(args: None, context: Context) -> None:
        with context.transaction():
            context.session.execute(insert, {"amount": 1})
            with suppress(LookupError), context.transaction():
                context.session.execute(insert, {"amount": 2})
                raise LookupError("no such account")
            with context.transaction():
                context.session.execute(insert, {"amount": 3})
            context.session.execute(insert, {"amount": 4})

    pay.submit(None)
    assert performer.perform(pay).state is JobState.COMPLETED
    assert ledger(connection) == [1, 3, 4]


def test_a_block_that_failed_and_was_caught_leaves_a_job_that_completes(
    jobs: Jobs, performer: Performer, connection: Connection
) -> None:
    @jobs.job
    def pay(args: None, context: Context) -> None:
        try:
            with context.transaction() as own:
                own.execute(INSERT, [1])
                own.execute(INSERT, [1])
        except Exception:
            with context.transaction() as own:
                own.execute(INSERT, [2])

    submitted = pay.submit(None)
    assert performer.perform(pay).stored
    assert submitted.details().state is JobState.COMPLETED
    assert ledger(connection) == [2]


def test_a_job_that_was_given_to_another_meanwhile_leaves_nothing(
    jobs: Jobs, performer: Performer, connection: Connection, worker: Worker
) -> None:
    @jobs.job
    def pay(args: None, context: Context) -> None:
        with context.transaction() as own:
            own.execute(INSERT, [1])
        worker.release(int(context.job_id))

    submitted = pay.submit(None)
    assert performer.perform(pay).stored
    assert performer.refused == 1
    assert ledger(connection) == []
    assert submitted.details().state is JobState.CREATED


def test_a_job_that_was_cancelled_meanwhile_leaves_nothing(
    jobs: Jobs, performer: Performer, connection: Connection
) -> None:
    @jobs.job
    def pay(args: None, context: Context) -> None:
        with context.transaction() as own:
            own.execute(INSERT, [1])
        submitted.cancel()

    submitted = pay.submit(None)
    performer.perform(pay)
    assert performer.refused == 1
    assert ledger(connection) == []
    assert submitted.details().state is JobState.CANCELLED


@pytest.mark.parametrize("fails", [False, True])
def test_a_server_that_goes_away_fails_the_attempt_and_not_the_worker(
    jobs: Jobs, performer: Performer, connection: Connection, fails: bool
) -> None:
    @jobs.job(retry_limit=1)
    def pay(args: None, context: Context) -> None:
        with context.transaction() as own:
            own.execute(INSERT, [context.attempt])
        if context.attempt == 1:
            end(connection, own.info.backend_pid)
            if fails:
                raise ValueError("after")

    submitted = pay.submit(None)
    assert performer.perform(pay).state is JobState.RETRY
    assert ledger(connection) == []
    assert performer.perform(pay).stored
    assert ledger(connection) == [2]
    assert submitted.details().state is JobState.COMPLETED


def end(connection: Connection, pid: int) -> None:
    """End one server process, and wait until it has."""
    assert number(connection, "SELECT pg_terminate_backend(%s, 10000)::int", pid) == 1
