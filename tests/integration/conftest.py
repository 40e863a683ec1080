from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs_runtime.database import Connection, connect
from tests.integration.databases import copied, emptied
from tests.integration.shop import Shop, Worker


@pytest.fixture(scope="session")
def shared_dsn(server_dsn: str, template: str) -> Iterator[str]:
    """A migrated database for one test after the other."""
    with copied(server_dsn, template) as dsn:
        yield dsn


@pytest.fixture
def dsn(shared_dsn: str) -> Iterator[str]:
    """A migrated database without a row: emptying one is faster than making one."""
    with connect(shared_dsn, "emptier") as connection, emptied(connection):
        yield shared_dsn


@pytest.fixture
def shop(dsn: str) -> Iterator[Shop]:
    """An application on the test's database."""
    shop = Shop(dsn)
    yield shop
    shop.jobs.close()


@pytest.fixture
def worker(connection: Connection) -> Worker:
    """A registered worker."""
    return Worker(connection)
