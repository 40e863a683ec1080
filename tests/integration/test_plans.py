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
from jobs_runtime.limits import Limits, Rate
from jobs_runtime.model import Claim, Outcome, Pause, Progress, Submission
from jobs_runtime.options import Options
from tests.integration.databases import copied
from tests.integration.plans import FOUND_EMPTY, Planner, declared_indexes
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


def claim(job_id: int) -> Claim:
    return Claim(job_id, "name1", 0, 1, 0, None, Options(), 0.0)


def examples() -> dict[str, Sequence[Operation[Any]]]:
    """Operations with parameters as they occur, by the statement they run."""
    active = range(ACTIVE, ACTIVE + BATCH)
    finished = [str(FINISHED + place) for place in (0, 50_000)]
    job = Jobs().job(name="name1")(noop)
    timetable = executor.timetable
    return {
        "cancel": [executor.cancel(str(job_id)) for job_id in (WAITING, FUTURE, ACTIVE)],
        "claim": [
            executor.claim("queue1", ["name1"], after, limit, INCARNATION)
            for after in (START, Position(0, 50_000))
            for limit in (1, BATCH)
        ],
        "claim_limited": [
            executor.claim_limited("limited", ["limited"], limits, INCARNATION)[-1]
            for limits in (Limits(1), Limits(20), Limits(20, Rate(50_000, 60.0)))
        ],
        "cluster_health": [gauges.cluster_health()],
        "dead_rows": [gauges.dead_rows()],
        "dead_supervisors": [upkeep.dead_supervisors(20, "supervisor1", 10)],
        "declare_schedule": [timetable.declare(job, Schedule("* * * * *"), "supervisor1")],
        "details": [executor.details(job_id) for job_id in (str(WAITING), finished[0], "9" * 15)],
        "finish": [
            *executor.settle(outcomes(JobState.COMPLETED), INCARNATION)[1:],
            *executor.settle(outcomes(JobState.FAILED)[:1], INCARNATION)[1:],
        ],
        "follow": [
            *executor.settle(outcomes(JobState.COMPLETED), INCARNATION)[:1],
            *executor.settle(outcomes(JobState.FAILED)[:1], INCARNATION)[:1],
        ],
        "due_now": [upkeep.due_now()],
        "fire": [upkeep.fire("key1", TICK), upkeep.fire("key2", TICK)],
        "forget_beginnings": [upkeep.forget_beginnings(1000)],
        "forget_claims": [upkeep.forget_claims()],
        "forget_deaths": [upkeep.forget_deaths(1000)],
        "forget_finished": [upkeep.forget_finished(1000)],
        "forget_pgboss_waiters": [upkeep.forget_pgboss_waiters(1000)],
        "forget_slots": [upkeep.forget_slots(1000)],
        "forget_strays": [upkeep.forget_strays(7, 1000)],
        "forget_ticks": [upkeep.forget_ticks(7, 1000)],
        "forget_waiters": [upkeep.forget_waiters(1000)],
        "forget_worker": [upkeep.forget_worker(INCARNATION)],
        "given_away": [executor.given_away([claim(WAITING), claim(FINISHED)], INCARNATION + 1_000)],
        "give_up": [upkeep.give_up(BATCH)],
        "going_idle": [executor.going_idle("supervisor1")],
        "heartbeat": [upkeep.heartbeat("supervisor1", idle=True, workers=8)],
        "held": executor.held(INCARNATION),
        "leased_tables": [upkeep.leased_tables(INCARNATION)],
        "limit_waiting": [upkeep.limit_waiting("queue1", 5_000)],
        "lock_limits": executor.claim_limited("limited", ["limited"], Limits(1), INCARNATION)[:1],
        "make_due": [upkeep.make_due(BATCH)],
        "neighbours": [upkeep.neighbours("place", "supervisor2")],
        "next_due": [upkeep.next_due()],
        "orphans": [upkeep.orphans(20)],
        "pause": [executor.pause(Pause("job", "name1"))],
        "pause_schedule": [timetable.pause("key1")],
        "paused": [executor.paused()],
        "probe": [executor.probe([f"queue{number}" for number in range(30)])],
        "progress": [executor.progress(ACTIVE, Progress(1.0), INCARNATION)],
        "queue_depths": [gauges.queue_depths(1000), gauges.queue_depths(100_000)],
        "register_supervisor": [
            upkeep.register_supervisor(
                SupervisorRecord("supervisor1", "host", "place", 1, 8, ["n"], ["k"])
            )
        ],
        "register_worker": [executor.register_worker("supervisor1", 1, 1)],
        "release": [
            *executor.release(active, INCARNATION),
            *executor.release([ACTIVE], INCARNATION),
        ],
        "remove_schedule": [timetable.remove("key1")],
        "reserve": [executor.reserve(10_000)],
        "restore": [
            *(executor.resume(job_id) for job_id in finished),
            executor.retry(finished[0]),
        ],
        "resume_schedule": [timetable.resume("key1")],
        "retry": executor.settle(outcomes(JobState.RETRY), INCARNATION),
        "run_schedule": [timetable.run_now("key1")],
        "schedules": [upkeep.schedules()],
        "skip_ticks": [upkeep.skip_ticks("key1", TICK)],
        "stopped": [executor.stopped([FINISHED, FINISHED + 50_000], INCARNATION)],
        "submit": [executor.submit(submission()), executor.submit(submission(start_after=60.0))],
        "submit_alone": [executor.submit(submission(), alone=True)],
        "submit_singleton": [
            executor.submit(submission(singleton_key="key1", singleton_queue=queue))
            for queue in (False, True)
        ],
        "submit_throttled": [
            executor.submit(submission(singleton_seconds=60.0, singleton_next_slot=next_slot))
            for next_slot in (False, True)
        ],
        "submitted_since": [upkeep.submitted_since(FINISHED + 100_000)],
        "timetable": [timetable.read()],
        "unpause": [executor.unpause(Pause("job", "name1"), "queue1")],
        "unregister_supervisor": [upkeep.unregister_supervisor("supervisor1")],
        "unwatch": [executor.unwatch(str(WAITING))],
        "wake": [executor.wake("queue1", 5)],
        "watch": [executor.watch(str(WAITING))],
        "workers_of": [upkeep.workers_of("supervisor1")],
        "write_schedule": [timetable.write(job, Schedule("* * * * *"))],
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


@pytest.fixture(scope="module")
def held_found_empty(server_dsn: str, template: str) -> Iterator[Planner]:
    """As a worker's connection on full tables, of which vacuum found every page empty before."""
    with copied(server_dsn, template) as dsn, connect(dsn, "tests") as connection:
        connection.execute(FILL, prepare=False)
        connection.execute("VACUUM ANALYZE", prepare=False)
        connection.execute(FOUND_EMPTY)
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
    scanned -= {"finished_default"}
    assert not {table for table in scanned if table == "job" or table.startswith("finished")}


@pytest.mark.parametrize("name", ["finish", "follow", "held", "release", "retry"])
def test_jobs_are_looked_up_one_by_one_whatever_vacuum_found(
    name: str, held_found_empty: Planner
) -> None:
    for operation in EXAMPLES[name]:
        plan = held_found_empty.plan(operation)
        assert "id = ANY (" in plan.conditions["job_pkey"]
        assert not plan.unconditioned, "these are read from end to end"


@pytest.mark.parametrize(
    ("name", "index", "column"),
    [
        ("make_due", "job_due", "start_after"),
        ("give_up", "job_kept", "keep_until"),
        ("claim_limited", "beginning_began", "began_at"),
        ("forget_finished", "finished_kept", "keep_until"),
        ("forget_ticks", "tick_pkey", "tick"),
    ],
)
def test_what_has_its_time_yet_to_come_is_not_read(
    name: str, index: str, column: str, held: Planner
) -> None:
    assert f"({column} " in held.plan(EXAMPLES[name][-1]).conditions[index]
