"""What waits and runs in the tables of a pg-boss, as metrics and `queues` tell it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import PgBossLeases
from jobs_runtime.executors.pgboss.gauges import queue_depths
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_supervisor import queues
from jobs_supervisor.exporter.cluster import ClusterCollector, ClusterWatch
from tests.integration.pgboss import tables
from tests.integration.test_gauges import told

FILL = """
INSERT INTO pgboss.job (name, state, createdon, startafter)
SELECT 'render', 'created'::pgboss.job_state, now() - interval '100 s', now() - interval '100 s'
FROM generate_series(1, 3)
UNION ALL SELECT 'render', 'retry', now(), now() + interval '1 hour'
UNION ALL SELECT 'render', 'completed', now(), now()
UNION ALL SELECT 'render', 'active', now(), now()
UNION ALL SELECT 'of_node', 'created', now(), now() - interval '1 hour'
UNION ALL SELECT '__pgboss__maintenance', 'created', now(), now() - interval '1 hour'
"""


@pytest.fixture
def boss(connection: Connection) -> Iterator[Connection]:
    """Three that wait, one of which is taken, a delayed one; and jobs of Node's."""
    with tables(connection):
        connection.execute(FILL)
        record = SupervisorRecord("s", "host", "place", 1, 8, ["render", "other"], [])
        run(connection, upkeep.register_supervisor(record))
        incarnation = run(connection, PostgresExecutor().register_worker("s", 1, 1))
        assert len(run(connection, PgBossLeases("pgboss").claim("render", 1, incarnation))) == 1
        yield connection


def test_what_python_performs_is_counted(boss: Connection) -> None:
    (found,) = queues.read(boss, "pgboss")
    counted = (found.queue, found.job, found.ready, found.delayed, found.active, found.handled)
    assert counted == ("render", "render", 2, 1, 1, True)
    assert 100 <= found.waited < 130
    assert {each.jobs for each in queue_depths(boss, "pgboss", 1)} == {1}


def test_metrics_tell_of_it(boss: Connection, dsn: str) -> None:
    leads = [True]
    watch = ClusterWatch(dsn, lambda: leads[0], "pgboss")
    watch.look(time.monotonic())
    samples = told(ClusterCollector(watch))
    leads[0] = False
    watch.look(time.monotonic())
    states = [("ready", 2), ("delayed", 1), ("active", 1)]
    for state, jobs in states:
        assert samples["jobs_queue_depth", "render", "render", state] == jobs
    assert 100 <= samples["jobs_queue_oldest_ready_seconds", "render", "render"] < 130
    assert samples["jobs_queue_unhandled", "render", "render"] == 0


def test_where_it_cannot_look_nothing_is_counted(boss: Connection) -> None:
    assert queue_depths(boss, "elsewhere", 10) == []
    boss.execute("CREATE ROLE gauges_stranger")
    boss.execute("SET ROLE gauges_stranger")
    assert queue_depths(boss, "pgboss", 10) == []
    boss.execute("RESET ROLE")
    boss.execute("DROP ROLE gauges_stranger")
