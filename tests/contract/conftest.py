from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.pgboss.schema import create
from tests.contract.house import House
from tests.integration.databases import copied, emptied


@pytest.fixture(scope="session")
def both_dsn(server_dsn: str, template: str) -> Iterator[str]:
    """A database with the tables of both executors, for one test after the other."""
    with copied(server_dsn, template) as dsn:
        with connect(dsn, "tests") as connection:
            create(connection, "pgboss")
        yield dsn


@pytest.fixture
def dsn(both_dsn: str) -> Iterator[str]:
    """That database without a row."""
    with connect(both_dsn, "emptier") as connection, emptied(connection):
        yield both_dsn
        connection.execute("DELETE FROM pgboss.job")
        connection.execute("DELETE FROM pgboss.archive")
        connection.execute("DELETE FROM pgboss.subscription")


@pytest.fixture(params=["postgres", "PgBoss"])
def house(request: pytest.FixtureRequest, dsn: str, connection: Connection) -> Iterator[House]:
    """An application whose jobs are kept by each executor in turn, and who performs them."""
    house = House(request.param, dsn, connection)
    yield house
    house.jobs.close()


@pytest.fixture
def boss(dsn: str, connection: Connection) -> Iterator[House]:
    """One whose jobs are kept by pg-boss."""
    house = House("PgBoss", dsn, connection)
    yield house
    house.jobs.close()
