"""`context.session`, and declared entities, with SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from jobs_runtime import Context, Jobs, JobState
from jobs_runtime.database import Connection
from tests.integration.attempts import Performer, performing
from tests.integration.shop import Worker
from tests.integration.test_transactions import end


class Base(DeclarativeBase):
    """What the tests' tables are made from."""


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    done: Mapped[bool] = mapped_column(default=False)


@dataclass
class Entities:
    """As an application writes them down to have them typed."""

    Task: type[Task]


@pytest.fixture
def jobs(dsn: str) -> Iterator[Jobs]:
    engine = create_engine("postgresql+psycopg://", creator=lambda: Connection.connect(dsn))
    Base.metadata.create_all(engine)
    jobs = Jobs(dsn)
    yield jobs
    jobs.close()
    Base.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def performer(dsn: str, worker: Worker) -> Iterator[Performer]:
    with performing(dsn, worker) as performer:
        yield performer


def tasks(connection: Connection) -> list[tuple[int, bool]]:
    return [(row[0], row[1]) for row in connection.execute("SELECT id, done FROM task ORDER BY id")]


class TestEntities:
    def test_a_list_is_found_by_name(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job(entities=[Task])
        def add(number: int, context: Context) -> None:
            with context.session as session:
                session.add(context.entities.Task(id=number))
                session.commit()

        add.submit(7)
        assert performer.perform(add).state is JobState.COMPLETED
        assert tasks(connection) == [(7, False)]

    def test_an_object_of_ones_own_is_typed(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job(entities=Entities(Task))
        def tick(number: int, context: Context[Entities]) -> None:
            with context.transaction():
                task: Task | None = context.session.get(context.entities.Task, number)
                assert task is not None
                task.done = True

        connection.execute("INSERT INTO task VALUES (7, false)")
        tick.submit(7)
        assert performer.perform(tick).stored
        assert tasks(connection) == [(7, True)]


class TestOnItsOwn:
    def test_what_is_committed_stays_whatever_follows(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job
        def add(number: int, context: Context) -> None:
            assert context.session is context.session
            context.session.add(Task(id=number))
            context.session.commit()
            context.session.add(Task(id=number + 1))
            context.session.flush()
            raise ValueError("late")

        add.submit(1)
        assert performer.perform(add).state is JobState.FAILED
        assert tasks(connection) == [(1, False)]

    def test_a_server_that_goes_away_fails_the_attempt_and_not_the_worker(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job(retry_limit=1)
        def add(number: int, context: Context) -> None:
            pid = context.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            context.session.add(Task(id=number))
            if context.attempt == 1:
                end(connection, pid)
                raise ValueError("unlucky")
            context.session.commit()

        add.submit(1)
        assert performer.perform(add).state is JobState.RETRY
        assert performer.perform(add).state is JobState.COMPLETED
        assert tasks(connection) == [(1, False)]


class TestInATransaction:
    def test_it_commits_together_with_the_completion(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job
        def add(number: int, context: Context) -> str:
            with context.transaction() as own:
                assert context.session is context.session
                context.session.add(Task(id=number))
                context.session.commit()
                context.session.add(Task(id=number + 1))
            assert own.execute("SELECT count(*) FROM task").fetchone() == (2,)
            context.session.add(Task(id=number + 2))
            assert tasks(connection) == []
            return "added"

        for first in (1, 11):
            submitted = add.submit(first)
            assert performer.perform(add).stored
            assert submitted.result(1) == "added"
            assert tasks(connection) == [(first + more, False) for more in range(3)]
            connection.execute("DELETE FROM task")

    def test_a_failure_undoes_what_it_committed(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job
        def add(number: int, context: Context) -> None:
            with context.transaction():
                context.session.add(Task(id=number))
                context.session.commit()
            raise ValueError("late")

        add.submit(1)
        assert performer.perform(add).state is JobState.FAILED
        assert tasks(connection) == []

    def test_its_rollback_undoes_only_its_own(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job
        def add(number: int, context: Context) -> None:
            with context.transaction() as own:
                own.execute("INSERT INTO task VALUES (%s, true)", [number])
                context.session.add(Task(id=number + 1))
                context.session.flush()
                context.session.rollback()
                context.session.add(Task(id=number + 2))

        add.submit(1)
        assert performer.perform(add).stored
        assert tasks(connection) == [(1, True), (3, False)]

    def test_a_broken_constraint_shows_where_the_block_ends(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job
        def add(number: int, context: Context) -> str:
            try:
                with context.transaction():
                    context.session.add(Task(id=number))
            except Exception as error:
                with context.transaction():
                    context.session.add(Task(id=number + 1))
                return type(error).__name__
            return "no error"

        connection.execute("INSERT INTO task VALUES (1, true)")
        submitted = add.submit(1)
        assert performer.perform(add).stored
        assert submitted.result(1) == "IntegrityError"
        assert tasks(connection) == [(1, True), (2, False)]

    def test_a_broken_constraint_after_the_block_fails_the_job(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job
        def add(number: int, context: Context) -> None:
            with context.transaction():
                context.session.add(Task(id=number + 1))
            context.session.add(Task(id=number))

        connection.execute("INSERT INTO task VALUES (1, true)")
        add.submit(1)
        assert performer.perform(add).state is JobState.FAILED
        assert tasks(connection) == [(1, True)]

    def test_a_server_that_goes_away_fails_the_attempt_and_not_the_worker(
        self, jobs: Jobs, performer: Performer, connection: Connection
    ) -> None:
        @jobs.job(retry_limit=1)
        def add(number: int, context: Context) -> None:
            with context.transaction() as own:
                context.session.add(Task(id=number))
                context.session.flush()
                if context.attempt == 1:
                    end(connection, own.info.backend_pid)

        add.submit(1)
        assert performer.perform(add).state is JobState.RETRY
        assert performer.perform(add).stored
        assert tasks(connection) == [(1, False)]

    def test_a_job_that_was_given_to_another_meanwhile_leaves_nothing(
        self, jobs: Jobs, performer: Performer, connection: Connection, worker: Worker
    ) -> None:
        @jobs.job
        def add(number: int, context: Context) -> None:
            with context.transaction():
                context.session.add(Task(id=number))
            worker.release(int(context.job_id))

        add.submit(1)
        assert performer.perform(add).stored
        assert performer.refused == 1
        assert tasks(connection) == []
