"""What is read of the whole database, and how it is told."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from psycopg import conninfo

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor, gauges, upkeep
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_runtime.model import Pause
from jobs_supervisor.exporter import cluster
from jobs_supervisor.exporter.cluster import ClusterCollector, ClusterWatch
from jobs_supervisor.scheduler.unhandled import Unhandled
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot
from tests.integration.shop import Worker
from tests.support.scraping import Samples, parsed

HELD = """
WITH taken AS (
    INSERT INTO jobs.claim (incarnation, ids)
    SELECT claimed_by, array_agg(id) FROM jobs.job WHERE claimed_by IS NOT NULL GROUP BY 1
    RETURNING incarnation
)
INSERT INTO jobs.worker (incarnation, supervisor_id, slot, pid, knows)
SELECT incarnation, 's', 0, 1, 9 FROM taken
"""

FILL = """
INSERT INTO jobs.job (queue, name, created_at, start_after, ready, state, attempt, claimed_by,
                      claimed_at, rank)
VALUES ('mail', 'send', now() - interval '100 s', NULL, true, 'created', 0, NULL, NULL, 5),
       ('mail', 'send', now() - interval '30 s', NULL, true, 'created', 0, NULL, NULL, -5),
       ('mail', 'send', now() - interval '900 s', now() - interval '50 s', true, 'retry', 1, NULL,
        NULL, 0),
       ('mail', 'send', now() - interval '900 s', now() + interval '1 h', false, 'created', 0, NULL,
        NULL, 0),
       ('mail', 'sort', now() - interval '900 s', NULL, true, 'active', 1, 77, now(), 0),
       ('film', 'cut', now() - interval '900 s', now() + interval '1 h', false, 'created', 0, NULL,
        NULL, 0),
       ('film', 'old', now() - interval '10 s', NULL, true, 'created', 0, NULL, NULL, 0)
"""


UNKNOWN = """
INSERT INTO jobs.job (queue, name)
SELECT 'unknown', 'name' || id FROM generate_series(1, 30) AS id
"""


def told(collector: ClusterCollector) -> Samples:
    registry = CollectorRegistry()
    registry.register(collector)
    return parsed(generate_latest(registry).decode())


@pytest.fixture
def filled(connection: Connection) -> Connection:
    connection.execute(FILL)
    connection.execute(HELD)
    record = SupervisorRecord("s", "host", "place", 1, 8, ["send", "sort", "cut"], [])
    run(connection, upkeep.register_supervisor(record))
    return connection


@pytest.fixture
def watch(dsn: str) -> Iterator[ClusterWatch]:
    leads = [True]
    watch = ClusterWatch(dsn, lambda: leads[0])
    yield watch
    leads[0] = False
    watch.look(time.monotonic())


@pytest.fixture
def slot() -> Iterator[Slot]:
    """A scheduler's."""
    memory = SharedMemory.create(SlotMap.size_of(1))
    yield SlotMap(memory, 0, ("scheduler",)).one("scheduler")
    os.close(memory.descriptor)


def test_depth_is_by_queue_job_and_state(filled: Connection) -> None:
    found = {each[:3]: each for each in run(filled, gauges.queue_depths(1000))}
    assert {key: each.jobs for key, each in found.items()} == {
        ("mail", "send", "ready"): 3,
        ("mail", "send", "delayed"): 1,
        ("mail", "sort", "active"): 1,
        ("film", "cut", "delayed"): 1,
        ("film", "old", "ready"): 1,
    }
    assert {key for key, each in found.items() if not each.handled} == {("film", "old", "ready")}


def test_age_is_that_of_the_oldest_claimable_job(filled: Connection) -> None:
    waited = {each[:3]: each.waited for each in run(filled, gauges.queue_depths(1000))}
    assert 100 <= waited["mail", "send", "ready"] < 130
    assert 10 <= waited["film", "old", "ready"] < 40
    assert waited["mail", "send", "delayed"] == 0


def test_counting_ends_at_a_limit(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO jobs.job (queue, name) SELECT 'queue' || n % 3, 'name'"
        " FROM generate_series(1, 3000) AS n"
    )
    found = run(connection, gauges.queue_depths(100))
    assert {each.queue: each.jobs for each in found} == {f"queue{n}": 100 for n in range(3)}


def test_empty_tables_have_no_depth(connection: Connection) -> None:
    assert run(connection, gauges.queue_depths(1000)) == []


def test_a_snapshot_held_open_is_seen(dsn: str, connection: Connection) -> None:
    before = run(connection, gauges.cluster_health())
    with psycopg.connect(dsn) as holder:
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        holder.execute("SELECT count(*) FROM jobs.job")
        for _ in range(20):
            connection.execute("INSERT INTO jobs.waiter (job_id) VALUES (1)")
        health = run(connection, gauges.cluster_health())
        assert health.horizon_seconds > before.horizon_seconds
        assert health.horizon_transactions >= 20
    assert run(connection, gauges.cluster_health()).horizon_transactions < 20


def test_dead_rows_and_partitions_are_counted(connection: Connection, worker: Worker) -> None:
    health = run(connection, gauges.cluster_health())
    assert health.partitions == health.days_ahead + 1
    assert run(connection, gauges.dead_rows()).keys() >= {"job", "slot", "tick", "waiter"}


def test_a_database_without_partitions_says_so(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        names = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'jobs.finished'::regclass"
            " AND inhrelid <> 'jobs.finished_default'::regclass"
        ).fetchall()
        for (name,) in names:
            connection.execute(f"DROP TABLE {name}".encode())
        health = run(connection, gauges.cluster_health())
        assert (health.partitions, health.days_ahead) == (0, -1)


def test_a_queue_that_runs_dry_shows_zero(filled: Connection, watch: ClusterWatch) -> None:
    collector = ClusterCollector(watch)
    watch.look(time.monotonic())
    samples = told(collector)
    assert samples["jobs_queue_depth", "send", "mail", "ready"] == 3
    assert samples["jobs_queue_unhandled", "old", "film"] == 1
    assert samples["jobs_queue_unhandled", "send", "mail"] == 0
    assert samples["jobs_cluster_supervisors",] == 1
    assert samples["jobs_cluster_workers",] == 8
    filled.execute("DELETE FROM jobs.job")
    watch.look(time.monotonic() + cluster.READ_EVERY + 1)
    samples = told(collector)
    assert samples["jobs_queue_depth", "send", "mail", "ready"] == 0
    assert samples["jobs_queue_oldest_ready_seconds", "send", "mail"] == 0


def test_what_is_paused_could_not_be_claimed(filled: Connection, watch: ClusterWatch) -> None:
    run(filled, PostgresExecutor().pause(Pause("queue", "mail")))
    watch.look(time.monotonic())
    samples = told(ClusterCollector(watch))
    assert samples["jobs_queue_depth", "send", "mail", "paused"] == 3
    assert samples["jobs_queue_depth", "send", "mail", "ready"] == 0
    assert samples["jobs_queue_oldest_ready_seconds", "send", "mail"] == 0
    assert samples["jobs_queue_oldest_ready_seconds", "old", "film"] > 0


def test_figures_that_are_old_are_not_served(filled: Connection, watch: ClusterWatch) -> None:
    watch.look(time.monotonic() - cluster.STALE_AFTER - 1)
    samples = told(ClusterCollector(watch))
    assert {name for name, *_ in samples} == {"jobs_cluster_view_age_seconds"}
    assert samples["jobs_cluster_view_age_seconds",] > cluster.STALE_AFTER


def test_why_nothing_can_be_read_is_said_once(dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    nowhere = conninfo.make_conninfo(dsn, dbname="nowhere")
    watch = ClusterWatch(nowhere, lambda: True)
    for number in range(3):
        watch.look(time.monotonic() + 20 * number)
    (said,) = caplog.messages
    assert said.startswith("the figures of the cluster cannot be read: ")
    assert "nowhere" in said


def test_only_the_leader_reads(filled: Connection, dsn: str) -> None:
    watch = ClusterWatch(dsn, lambda: False)
    watch.look(time.monotonic())
    assert watch.reading is None
    assert told(ClusterCollector(watch)) == {}


def test_nothing_is_read_while_nobody_scrapes(filled: Connection, watch: ClusterWatch) -> None:
    watch.scraped_at = time.monotonic() - cluster.UNWATCHED_AFTER - 1
    watch.look(time.monotonic())
    assert watch.reading is None


def test_a_slow_database_leaves_the_last_figures(
    filled: Connection, watch: ClusterWatch, dsn: str
) -> None:
    watch.look(time.monotonic())
    first = watch.reading
    assert first is not None
    with psycopg.connect(dsn) as blocker:
        blocker.execute("LOCK TABLE jobs.job IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        watch.look(began + cluster.READ_EVERY + 1)
        assert time.monotonic() - began < 5
    assert watch.reading is first
    watch.look(time.monotonic() + 10 * cluster.READ_EVERY)
    assert watch.reading is not first


def test_a_lost_connection_is_made_again(filled: Connection, watch: ClusterWatch) -> None:
    watch.look(time.monotonic())
    filled.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'jobs: metrics' AND datname = current_database()"
    )
    first = watch.reading
    watch.look(time.monotonic() + 2 * cluster.READ_EVERY)
    assert watch.reading is first
    watch.look(time.monotonic() + 4 * cluster.READ_EVERY)
    assert watch.reading is not first


def test_jobs_past_the_limit_are_summed_up(connection: Connection, watch: ClusterWatch) -> None:
    many = cluster.MOST_SERIES + 50
    connection.execute(
        "INSERT INTO jobs.job (queue, name) SELECT 'queue', 'name' || n"
        " FROM generate_series(1, %s) AS n",
        [many],
    )
    watch.look(time.monotonic())
    samples = told(ClusterCollector(watch))
    depths = {key: value for key, value in samples.items() if key[0] == "jobs_queue_depth"}
    assert sum(depths.values()) == many
    assert samples["jobs_queue_depth", "other", "other", "ready"] == 50
    assert len(depths) == len(cluster.STATES) * (cluster.MOST_SERIES + 1)


def test_the_scheduler_notes_as_many_names_as_there_is_room_for(
    filled: Connection, slot: Slot
) -> None:
    duty = Unhandled(slot)
    assert duty.perform(filled, 100.0) > 101.0
    assert json.loads(slot.progress) == {"old": 1}
    filled.execute(UNKNOWN)
    filled.execute(UNKNOWN.replace("30", "1"))
    duty.perform(filled, 0.0)
    noted = json.loads(slot.progress)
    assert noted.pop("name1") == 2
    assert len(noted) > 5
    assert set(noted.values()) == {1}
    filled.execute("DELETE FROM jobs.job")
    duty.perform(filled, 0.0)
    assert slot.progress == ""


def test_a_slow_database_holds_a_scheduler_up_for_a_second(
    filled: Connection, slot: Slot, dsn: str
) -> None:
    duty = Unhandled(slot)
    duty.perform(filled, 0.0)
    with psycopg.connect(dsn) as blocker:
        blocker.execute("LOCK TABLE jobs.job IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        again = duty.perform(filled, began)
        took = time.monotonic() - began
    assert took < 5
    assert again - began >= 30 * took
    assert json.loads(slot.progress) == {"old": 1}
