"""What waits and runs in the tables of pg-boss 11 and 12, as metrics and `queues` tell it."""

from __future__ import annotations

import time

import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import PgBossLeases
from jobs_runtime.executors.pgboss.gauges import queue_depths
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_supervisor import queues
from jobs_supervisor.exporter.cluster import ClusterCollector, ClusterWatch
from tests.integration.test_gauges import told
from tests.interop.queues import QueueHouse
from tests.support.grants import grant_pgboss, granted, playing

pytestmark = pytest.mark.interop

FILL = """
INSERT INTO pgboss.job (name, state, created_on, start_after, policy)
SELECT name, 'created'::pgboss.job_state, now() - interval '100 s', now() - interval '100 s', policy
FROM pgboss.queue, generate_series(1, 3)
WHERE name IN ('shared', 'counted')
UNION ALL SELECT 'shared', 'retry', now(), now() + interval '1 hour', 'standard'
UNION ALL SELECT 'shared', 'completed', now(), now(), 'standard'
UNION ALL SELECT 'shared', 'active', now(), now(), 'standard'
UNION ALL SELECT 'fancy', 'created', now(), now() - interval '1 hour', 'short'
UNION ALL SELECT 'of_node', 'created', now(), now() - interval '1 hour', 'standard'
"""

BLOCKED = "INSERT INTO pgboss.job (name, blocked) VALUES ('shared', true)"


@pytest.fixture(scope="module")
def boss(house: QueueHouse) -> Connection:
    """Three of each of two queues that wait, one of which is taken, a delayed one; and Node's."""
    house.connection.execute(FILL)
    if house.has("job.blocked"):
        house.connection.execute(BLOCKED)
    names = ["shared", "counted", "fancy", "other"]
    record = SupervisorRecord("s", "host", "place", 1, 8, names, [])
    run(house.connection, upkeep.register_supervisor(record))
    incarnation = run(house.connection, PostgresExecutor().register_worker("s", 1, 1))
    leases = PgBossLeases("pgboss")
    run(house.connection, leases.look(None))
    assert len(run(house.connection, leases.claim("shared", 1, incarnation))) == 1
    return house.connection


def assert_counted(found: list[queues.QueueStatus]) -> None:
    counted = [(each.queue, each.job, each.ready, each.delayed, each.active) for each in found]
    assert counted == [("counted", "counted", 3, 0, 0), ("shared", "shared", 2, 1, 1)]
    assert all(100 <= each.waited < 130 and each.handled for each in found)


def test_what_python_performs_is_counted(boss: Connection) -> None:
    assert_counted(queues.read(boss, "pgboss"))


def test_no_more_are_counted_than_asked_for(boss: Connection) -> None:
    assert {each.jobs for each in queue_depths(boss, "pgboss", 1)} == {1}


def test_metrics_tell_of_it(boss: Connection, house: QueueHouse) -> None:
    leads = [True]
    watch = ClusterWatch(house.dsn, lambda: leads[0], "pgboss")
    watch.look(time.monotonic())
    samples = told(ClusterCollector(watch))
    leads[0] = False
    watch.look(time.monotonic())
    for state, jobs in (("ready", 2), ("delayed", 1), ("active", 1)):
        assert samples["jobs_queue_depth", "shared", "shared", state] == jobs
    assert 100 <= samples["jobs_queue_oldest_ready_seconds", "shared", "shared"] < 130
    assert samples["jobs_queue_unhandled", "shared", "shared"] == 0


def test_a_reader_may_look(boss: Connection, house: QueueHouse) -> None:
    with granted(house.dsn):
        grant_pgboss(house.dsn, "pgboss")
        with connect(playing(house.dsn, "jobs_reader"), "tests") as reader:
            assert_counted(queues.read(reader, "pgboss"))
