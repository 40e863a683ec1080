"""Real pools of worker processes, and the applications that they perform."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.apps import basic, leaving, observed, unruly
from tests.support.pool import Pool
from tests.support.server import Server, servers


@pytest.fixture(scope="session")
def tcp_server() -> Iterator[Server]:
    """A server that is reached by TCP and takes 27 connections, with an empty schema."""
    with servers(1, max_connections="30", max_prepared_transactions="2") as (server,):
        server.create()
        yield server


@pytest.fixture
def pool(dsn: str) -> Iterator[Pool]:
    """Starts `jobs-supervisor` on the test's database, to which the tests' jobs are submitted."""
    pool = Pool(dsn)
    applications = (basic.jobs, leaving.jobs, observed.jobs, unruly.jobs)
    for jobs in applications:
        jobs.database.given_dsn = dsn
    yield pool
    for jobs in applications:
        jobs.close()
    pool.stop_all()
