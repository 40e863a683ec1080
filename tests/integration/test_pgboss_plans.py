"""Every statement on the tables of a pg-boss is held to the index that its file names."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jobs_runtime.database import connect
from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.pgboss import PgBossClient, PgBossLeases
from jobs_runtime.executors.pgboss.flat_tables import FlatTables
from jobs_runtime.executors.pgboss.gauges import depths
from jobs_runtime.executors.pgboss.schema import Layout, create
from jobs_runtime.executors.pgboss.statements import names, statement
from jobs_runtime.executors.pgboss.tuning import tune
from jobs_runtime.model import JobState, Outcome, Progress, Submission
from jobs_runtime.options import Options
from tests.integration.databases import copied
from tests.integration.plans import FOUND_EMPTY, Planner, declared_indexes

FILL = Path(__file__).with_name("pgboss_plans.sql").read_bytes()
LAYOUT = Layout("pgboss")
INCARNATION, BATCH = 7, 200
SOME = "00000000-0000-4000-8000-000000000001"

TUNED = {"job_fetch": "jobs_runtime_claim"}
"""What a claim reads once `pgboss tune` was run, in the place of what else."""


def examples() -> Mapping[str, Sequence[Operation[Any]]]:
    """Operations with parameters as they occur, by the statement they run."""
    leases, client = PgBossLeases("pgboss"), PgBossClient("pgboss")
    client.tables = FlatTables(LAYOUT)
    ids = range(-BATCH, 0)

    def submit(**options: Any) -> Operation[Any]:
        return client.submit(Submission("name1", "name1", "{}", Options(**options)))

    return {
        "cancel": [client.cancel(SOME)],
        "claim": [leases.claim("name1", limit, INCARNATION) for limit in (1, BATCH)],
        "depths": [depths(LAYOUT, 1000)],
        "details": [client.details(SOME)],
        "due_now": [leases.due_now(["name1"], delayed=delayed) for delayed in (False, True)],
        "held": [leases.held(INCARNATION)],
        "lost": [leases.lost([INCARNATION, INCARNATION + 1])],
        "probe": [leases.probe([f"name{number}" for number in range(30)])],
        "progress": [leases.progress(-1, Progress(1.0), INCARNATION)],
        "reserve": [client.reserve(1000)],
        "restore": [client.resume(SOME), client.retry(SOME)],
        "settle": [
            leases.settle([Outcome(each, state, 0.1, "1") for each in ids], INCARNATION)
            for state in (JobState.COMPLETED, JobState.RETRY, JobState.FAILED)
        ],
        "stopped": [leases.stopped(ids, INCARNATION)],
        "submit": [submit(), submit(start_after=60.0)],
        "submit_singleton": [
            submit(singleton_key="key1", singleton_queue=queue) for queue in (False, True)
        ],
        "submit_throttled": [
            submit(singleton_seconds=60.0, singleton_key=key) for key in (None, "key1")
        ],
        "subscribe": [client.subscribe("event1", "name1")],
        "subscribers": [client.subscribers("event1")],
        "unsubscribe": [client.unsubscribe("event1", "name1")],
        "unwatch": [client.unwatch(SOME)],
        "watch": [client.watch(SOME)],
    }


EXAMPLES = examples()
WITHOUT_A_PLAN = ["submit_copy", "submit_copy_later"]

IN_TESTS_ALONE = ["submitted_now"]
"""What is run on small tables may read them from end to end."""


WORKERS = ["claim", "depths", "held", "lost", "probe", "progress", "settle", "stopped"]
"""Statements of workers and schedulers; the others are an application's."""


@contextmanager
def tables(server_dsn: str, template: str, fill: bytes) -> Generator[str]:
    """A database with those of a pg-boss, analysed."""
    with copied(server_dsn, template) as dsn:
        with connect(dsn, "tests") as connection:
            create(connection, "pgboss")
            connection.execute(fill, prepare=False)
            connection.execute("VACUUM ANALYZE")
        yield dsn


@pytest.fixture(scope="module")
def full_dsn(server_dsn: str, template: str) -> Iterator[str]:
    """A database with 124,000 jobs, and as many other rows as matter."""
    with tables(server_dsn, template, FILL) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def free(full_dsn: str) -> Iterator[Planner]:
    """As a connection of an application's pool: the planner's default settings."""
    with psycopg.connect(full_dsn, autocommit=True) as connection:
        yield Planner(connection)


@pytest.fixture(scope="module")
def held(full_dsn: str) -> Iterator[Planner]:
    """As a worker's connection: generic plans, held to the indexes."""
    with connect(full_dsn, "tests") as connection:
        yield Planner(connection)


@pytest.fixture(scope="module")
def tuned(server_dsn: str, template: str) -> Iterator[Planner]:
    """As a worker's connection after `pgboss tune`."""
    with tables(server_dsn, template, FILL) as dsn, connect(dsn, "tests") as connection:
        tune(connection, "pgboss")
        connection.execute("VACUUM ANALYZE")
        yield Planner(connection)


@pytest.fixture(scope="module")
def tuned_while_empty(server_dsn: str, template: str) -> Iterator[Planner]:
    """The same on tables that were analysed when they were empty."""
    with tables(server_dsn, template, b"SELECT") as dsn, connect(dsn, "tests") as connection:
        tune(connection, "pgboss")
        connection.execute("VACUUM ANALYZE")
        yield Planner(connection)


@pytest.fixture(scope="module")
def tuned_found_empty(server_dsn: str, template: str) -> Iterator[Planner]:
    """The same on full tables, of which vacuum found every page empty before."""
    with tables(server_dsn, template, FILL) as dsn, connect(dsn, "tests") as connection:
        tune(connection, "pgboss")
        connection.execute(FOUND_EMPTY)
        yield Planner(connection)


def test_every_statement_has_an_example() -> None:
    assert sorted([*EXAMPLES, *WITHOUT_A_PLAN, *IN_TESTS_ALONE]) == names(LAYOUT)
    for name, operations in EXAMPLES.items():
        assert {operation.sql for operation in operations} == {statement(name, LAYOUT)}
    assert all(b"COPY" in statement(name, LAYOUT) for name in WITHOUT_A_PLAN)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        *(("free", name) for name in EXAMPLES if name not in WORKERS),
        *(
            (settings, name)
            for settings in ("held", "tuned", "tuned_while_empty")
            for name in WORKERS
        ),
        ("tuned_found_empty", "settle"),
    ],
)
def test_the_plan_uses_the_indexes_that_the_file_names(
    settings: str, name: str, request: pytest.FixtureRequest
) -> None:
    planner: Planner = request.getfixturevalue(settings)
    plans = [planner.plan(operation) for operation in EXAMPLES[name]]
    used = frozenset[str]().union(*(plan.indexes for plan in plans))
    wanted = declared_indexes(statement(name, LAYOUT))
    if settings.startswith("tuned") and name == "claim":
        wanted = {TUNED.get(index, index) for index in wanted}
    assert wanted <= planner.existing
    assert wanted <= used, [plan.conditions for plan in plans]
    for plan in plans:
        assert not plan.scanned & {"job", "archive", "subscription"}
        assert not plan.unconditioned, "these are read from end to end"
