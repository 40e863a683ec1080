"""What `pgboss tune` promises, with a million jobs waiting and every commit flushed to disk."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import PgBossLeases
from jobs_runtime.executors.pgboss.schema import create
from jobs_runtime.executors.pgboss.tuning import tune
from jobs_runtime.executors.postgres import PostgresExecutor
from tests.interop import app
from tests.interop.conftest import StartNode
from tests.interop.test_performing import SOON, ended
from tests.support.pool import Pool
from tests.support.server import servers

pytestmark = [pytest.mark.interop, pytest.mark.long, pytest.mark.timeout(300)]

WAITING = 1_000_000
TIMES = 200


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    """A server as a user has it, with a million waiting jobs of pg-boss."""
    with servers(shared_buffers="256MB", max_wal_size="4GB") as [server]:
        server.create()
        with connect(server.dsn, "tests") as connection:
            create(connection, "pgboss")
            connection.execute(
                "INSERT INTO pgboss.job (name, data)"
                " SELECT 'heap', jsonb_build_object('n', n) FROM generate_series(1, %s) AS n",
                [WAITING],
            )
            tune(connection, "pgboss")
            connection.execute("VACUUM ANALYZE")
            connection.execute("CREATE TABLE bare AS SELECT 0 AS n")
        yield server.dsn


@pytest.fixture
def boss(dsn: str) -> Iterator[Connection]:
    with connect(dsn, "tests") as connection:
        yield connection


def median(act: Callable[[], object]) -> float:
    """Milliseconds that something takes."""
    times: list[float] = []
    for _ in range(TIMES):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def test_taking_a_job_costs_two_milliseconds_more_than_a_bare_commit(boss: Connection) -> None:
    incarnation = run(boss, PostgresExecutor().register_worker("here", 0, 1))
    claim = PgBossLeases("pgboss").claim("heap", 1, incarnation)
    taking = median(lambda: run(boss, claim))
    bare = median(lambda: boss.execute("UPDATE bare SET n = n + 1"))
    print(f"taking, with its commit: {taking:.2f} ms; a bare commit: {bare:.2f} ms")
    assert len(run(boss, claim)) == 1
    assert taking - bare < 2


def test_a_job_that_node_sends_begins_within_ten_milliseconds(
    boss: Connection, dsn: str, start_node: StartNode
) -> None:
    node = start_node("pg-boss-8", dsn, noSupervisor=True, noScheduling=True)
    pool = Pool(dsn)
    ids: list[str] = []
    try:
        pool.start(app="tests.interop.app", workers=1)
        ended(node, node.send("shared"), SOON)
        for _ in range(TIMES):
            ids.append(node.send("shared"))
            ended(node, ids[-1])
    finally:
        app.jobs.close()
        pool.stop_all()
    row = boss.execute(
        "SELECT percentile_cont(0.5) WITHIN GROUP"
        " (ORDER BY extract(epoch FROM startedon - createdon) * 1000)"
        " FROM pgboss.job WHERE id = ANY (%s::uuid[])",
        [ids],
    ).fetchone()
    assert row is not None
    print(f"from Node's send to its beginning in Python: {row[0]:.2f} ms")
    assert row[0] < 10
