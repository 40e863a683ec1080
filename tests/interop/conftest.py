"""A database with pg-boss's tables, and Node processes on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.pgboss.schema import create
from tests.integration.databases import copied
from tests.interop import app
from tests.interop.node import Node, missing
from tests.interop.queues import APP, VERSIONS, QueueHouse, queue_house
from tests.support.pool import Pool, Running

StartNode = Callable[..., Node]


@pytest.fixture
def start_node() -> Iterator[StartNode]:
    """Starts Node processes; what is left of them is killed."""
    started: list[Node] = []

    def start(version: str, dsn: str, **options: object) -> Node:
        if reason := missing(version):
            pytest.skip(reason)
        node = Node(version, dsn, **options)  # pyright: ignore[reportArgumentType]
        started.append(node)
        return node

    yield start
    for node in started:
        node.close()


@pytest.fixture
def boss(connection: Connection) -> Connection:
    """A connection to a database of its own, with our tables and those of pg-boss."""
    create(connection, "pgboss")
    return connection


@pytest.fixture
def node(boss: Connection, dsn: str, start_node: StartNode) -> Node:
    """A pg-boss 8.4.2 on that database, which leaves schedules and maintenance alone."""
    return start_node("pg-boss-8", dsn, noSupervisor=True, noScheduling=True)


@pytest.fixture
def other(dsn: str) -> Iterator[Connection]:
    """A second connection."""
    with connect(dsn, "tests") as connection:
        yield connection


@pytest.fixture
def pool(boss: Connection, dsn: str) -> Iterator[Pool]:
    """Starts pools of Python workers on the database."""
    pool = Pool(dsn)
    app.jobs.database.given_dsn = dsn
    yield pool
    app.jobs.close()
    pool.stop_all()


@pytest.fixture(scope="module", params=VERSIONS)
def house(request: pytest.FixtureRequest, server_dsn: str, template: str) -> Iterator[QueueHouse]:
    if reason := missing(request.param):
        pytest.skip(reason)
    with copied(server_dsn, template) as dsn, queue_house(request.param, dsn) as house:
        yield house


@pytest.fixture(scope="class")
def workers(house: QueueHouse) -> Iterator[Running]:
    running = house.pool.start("--drain", "0.3", app=APP, workers=2)
    yield running
    running.stop()
