"""Workers that perform what is kept in the tables of a pg-boss."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs_runtime.database import Connection
from jobs_runtime.executors.pgboss.schema import create
from tests.apps import bossy
from tests.support.pool import Pool


@pytest.fixture
def boss(dsn: str, connection: Connection) -> Iterator[None]:
    """The tables of pg-boss on the test's database."""
    create(connection, "pgboss")
    bossy.jobs.database.given_dsn = dsn
    yield
    bossy.jobs.close()


@pytest.mark.usefixtures("boss")
def test_one_pool_performs_jobs_of_both_executors(pool: Pool) -> None:
    pool.start(app="tests.apps.bossy", workers=2)
    theirs = bossy.total.submit({"a": 1, "b": 2})
    ours = bossy.double.submit(4)
    assert (theirs.result(5), ours.result(5)) == (3, 8)
    assert (theirs.executor_name, ours.executor_name) == ("PgBoss", "postgres")
    row = theirs.pg_boss.details()
    assert row is not None
    assert (row["state"], row["output"], row["retrycount"]) == ("completed", {"value": 3}, 0)
    assert row["completedon"] > row["startedon"] > row["createdon"]
