"""Every statement is held to the index that its file names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jobs_runtime import Jobs, JobState, Schedule
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.postgres import gauges, statements, upkeep
from jobs_runtime.executors.postgres.statements import statement
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_runtime.executors.protocol import START, Position
from jobs_runtime.model import Outcome, Progress, Submission
from jobs_runtime.options import Options
from tests.integration.databases import copied
from tests.integration.plans import Planner, declared_indexes
from tests.integration.shop import executor

FILL = Path(__file__).with_name("plans.sql").read_bytes()
WAITING, FUTURE, ACTIVE, FINISHED = 1, 100_001, 200_001, 300_001
BATCH = 200
INCARNATION = 7
TICK = datetime(2026, 1, 1, tzinfo=UTC)


def noop() -> None:
    """Nothing."""


def submission(**options: Any) -> Submission:
    return Submission("name1", "queue1", "{}", Options(**options))


def outcomes(state: JobState) -> list[Outcome]:
    return [Outcome(job_id, state, 0.1) for job_id in range(ACTIVE, ACTIVE + BATCH)]


def examples() -> dict[str, Sequence[Operation[Any]]]:
    """Operations with parameters as they occur, by the statement they run."""
    active = range(ACTIVE, ACTIVE + BATCH)
    finished = [str(FINISHED + place) for place in (0, 50_000)]
    job = Jobs().job(name="name1")(noop)
    return {
        "cancel": [executor.cancel(str(job_id)) for job_id in (WAITING, FUTURE, ACTIVE)],
        "claim": [
            executor.claim("queue1", ["name1"], after, limit, INCARNATION)
            for after in (START, Position(0, 50_000))
            for limit in (1, BATCH)
        ],
        "cluster_health": [gauges.cluster_health()],
        "dead_rows": [gauges.dead_rows()],
        "dead_supervisors": [upkeep.dead_supervisors(20)],
        "declare_schedule": [upkeep.declare_schedule(job, Schedule("* * * * *"))],
        "details": [executor.details(job_id) for job_id in (str(WAITING), finished[0], "9" * 15)],
        "finish": [
            *executor.settle(outcomes(JobState.COMPLETED), INCARNATION),
            *executor.settle(outcomes(JobState.FAILED)[:1], INCARNATION),
        ],
        "due_now": [upkeep.due_now()],
        "fire": [upkeep.fire("key1", TICK), upkeep.fire("key2", TICK)],
        "forget_finished": [upkeep.forget_finished(1000)],
        "forget_ticks": [upkeep.forget_ticks(7)],
        "forget_worker": [upkeep.forget_worker(INCARNATION)],
        "give_up": [upkeep.give_up(BATCH)],
        "going_idle": [executor.going_idle("supervisor1")],
        "heartbeat": [upkeep.heartbeat("supervisor1", idle=True)],
        "held": [upkeep.held(INCARNATION)],
        "make_due": [upkeep.make_due(BATCH)],
        "neighbours": [upkeep.neighbours("place", "supervisor2")],
        "next_due": [upkeep.next_due()],
        "orphans": [upkeep.orphans(20)],
        "probe": [executor.probe([f"queue{number}" for number in range(30)])],
        "progress": [executor.progress(ACTIVE, Progress(1.0), INCARNATION)],
        "queue_depths": [gauges.queue_depths(1000), gauges.queue_depths(100_000)],
        "register_supervisor": [
            upkeep.register_supervisor(
                SupervisorRecord("supervisor1", "host", "place", 1, 8, ["n"], ["k"])
            )
        ],
        "register_worker": [executor.register_worker("supervisor1", 1, 1)],
        "release": [executor.release(active, INCARNATION), executor.release([ACTIVE], INCARNATION)],
        "reserve": [executor.reserve(10_000)],
        "restore": [
            *(executor.resume(job_id) for job_id in finished),
            executor.retry(finished[0]),
        ],
        "retry": executor.settle(outcomes(JobState.RETRY), INCARNATION),
        "schedules": [upkeep.schedules()],
        "skip_ticks": [upkeep.skip_ticks("key1", TICK)],
        "stopped": [executor.stopped([FINISHED, FINISHED + 50_000], INCARNATION)],
        "submit": [executor.submit(submission()), executor.submit(submission(start_after=60.0))],
        "submit_singleton": [
            executor.submit(submission(singleton_key="key1", singleton_queue=queue))
            for queue in (False, True)
        ],
        "submit_throttled": [
            executor.submit(submission(singleton_seconds=60.0, singleton_next_slot=next_slot))
            for next_slot in (False, True)
        ],
        "submitted_since": [upkeep.submitted_since(FINISHED + 100_000)],
        "unregister_supervisor": [upkeep.unregister_supervisor("supervisor1")],
        "unwatch": [executor.unwatch(str(WAITING))],
        "wake": [executor.wake("queue1", 5)],
        "watch": [executor.watch(str(WAITING))],
        "workers_of": [upkeep.workers_of("supervisor1")],
    }


EXAMPLES: Mapping[str, Sequence[Operation[Any]]] = examples()
WITHOUT_A_PLAN = ["submit_copy"]


@pytest.fixture(scope="module")
def full_dsn(server_dsn: str, template: str) -> Iterator[str]:
    """A database with 100,000 waiting, future and finished jobs, analysed."""
    with copied(server_dsn, template) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(FILL)
            connection.execute("VACUUM ANALYZE")
        yield dsn


@pytest.fixture(scope="module")
def held(full_dsn: str) -> Iterator[Planner]:
    """As a worker's connection: generic plans, held to the indexes."""
    with connect(full_dsn, "tests") as connection:
        yield Planner(connection)


@pytest.fixture(scope="module")
def free(full_dsn: str) -> Iterator[Planner]:
    """As a connection of an application's pool: the planner's default settings."""
    connection: Connection = psycopg.connect(full_dsn, autocommit=True)
    with connection:
        yield Planner(connection)


@pytest.fixture(scope="module")
def held_while_empty(server_dsn: str, template: str) -> Iterator[Planner]:
    """As a worker's connection on tables that were analysed when they were empty."""
    with copied(server_dsn, template) as dsn, connect(dsn, "tests") as connection:
        connection.execute("ANALYZE")
        yield Planner(connection)


def test_every_statement_has_an_example() -> None:
    assert sorted([*EXAMPLES, *WITHOUT_A_PLAN]) == statements.names()
    for name, operations in EXAMPLES.items():
        assert operations
        assert {operation.sql for operation in operations} == {statement(name)}
    assert all(b"COPY" in statement(name) for name in WITHOUT_A_PLAN)


@pytest.mark.parametrize("name", statements.names())
def test_every_statement_names_indexes_that_exist(name: str, held: Planner) -> None:
    assert declared_indexes(statement(name)) <= held.existing


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("settings", ["held", "free", "held_while_empty"])
def test_the_plan_uses_the_indexes_that_the_file_names(
    settings: str, name: str, request: pytest.FixtureRequest
) -> None:
    planner: Planner = request.getfixturevalue(settings)
    plans = [planner.plan(operation) for operation in EXAMPLES[name]]
    used = frozenset[str]().union(*(plan.indexes for plan in plans))
    scanned = frozenset[str]().union(*(plan.scanned for plan in plans))
    assert declared_indexes(statement(name)) <= used
    assert not {table for table in scanned if table == "job" or table.startswith("finished")}
