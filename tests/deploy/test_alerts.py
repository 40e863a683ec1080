"""Every alert fires in a real Prometheus when its fault is caused on a real pool.

The rules are those of `grafana/alerts/jobs.yml` with their minutes made seconds.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from jobs_runtime import Schedule
from jobs_runtime.database import Connection
from tests.apps import observed
from tests.deploy.prometheus import Prometheus
from tests.deploy.test_dashboards import RULES, rules
from tests.integration.databases import copied
from tests.support.outage import outage
from tests.support.pool import Pool, Running, eventually

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed"),
]

WORKERS = 4

SOONER = {
    "time() - (jobs_heartbeat_timestamp_seconds > 0) > 30": "8",
    "max by (cluster) (jobs_db_horizon_age_seconds) > 900": "3",
    "max by (cluster) (jobs_cluster_view_age_seconds) > 180": "20",
}
"""Comparisons with an age that cannot be made up, and the seconds that they go by here."""

OLD_JOB = """
INSERT INTO jobs.job (queue, name, args, created_at)
VALUES (%(name)s, %(name)s, '0', now() - interval '1 hour')
"""

LAST_TICK = "UPDATE jobs.schedule SET last_tick = now() - interval '30 minutes' WHERE key = %s"

PARTITIONS = """
SELECT inhrelid::regclass::text FROM pg_inherits
WHERE inhparent = 'jobs.finished'::regclass AND inhrelid <> 'jobs.finished_default'::regclass
"""


@dataclass(frozen=True)
class Scene:
    """A pool that works, and a Prometheus that has scraped it.

    Attributes:
        undo: what has to be done at the end.
    """

    pool: Pool
    running: Running
    prometheus: Prometheus
    connection: Connection
    server_dsn: str
    template: str
    undo: ExitStack


Fault = Callable[[Scene], Callable[[], object] | None]
"""Causes a fault; gives what keeps it up, to be called again and again, if anything has to."""


def nobody_performs(scene: Scene) -> None:
    scene.connection.execute(OLD_JOB, {"name": "forgotten"})


def every_worker_hangs(scene: Scene) -> None:
    observed.work.submit_many([0.0] * 200)
    eventually(lambda: performed(scene) >= 200, 20, "something was performed before")
    observed.work.submit_many([600.0] * WORKERS, priority=1)
    slots = [slot for slot in scene.running.slots.workers if slot.in_use]
    eventually(lambda: all(slot.job_id for slot in slots), 20, "all are busy")
    scene.connection.execute(OLD_JOB, {"name": "work"})


def jobs_fail(_scene: Scene) -> Callable[[], object]:
    return observed.fail.submit


def a_job_kills_its_workers(_scene: Scene) -> None:
    observed.die.submit_many([None] * 2)


def workers_are_killed(scene: Scene) -> Callable[[], object]:
    observed.work.submit_many([600.0] * 100)

    def kill() -> None:
        for slot in scene.running.slots.workers:
            if slot.job_id and (pid := slot.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    return kill


def nothing_runs(scene: Scene) -> None:
    assert scene.running.stop() == 0


def one_is_not_scraped(scene: Scene) -> None:
    scene.pool.start(app="tests.apps.observed", workers=1)


def a_host_is_lost(scene: Scene) -> None:
    other = scene.pool.start(app="tests.apps.observed", workers=1)
    slots = [*other.slots.workers, *scene.running.slots.workers]
    observed.work.submit_many([600.0] * len([slot for slot in slots if slot.in_use]))
    eventually(lambda: all(slot.job_id for slot in slots if slot.in_use), 20, "all are busy")
    pids = [other.process.pid, *(slot.pid for slot in other.slots if slot.pid)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    other.process.wait(10)


def the_database_is_away(scene: Scene) -> None:
    scene.undo.enter_context(outage(scene.server_dsn, scene.pool.dsn))


def two_databases_have_one_label(scene: Scene) -> None:
    dsn = scene.undo.enter_context(copied(scene.server_dsn, scene.template))
    other = Pool(dsn)
    scene.undo.callback(other.stop_all)
    scene.prometheus.scrape([scene.running, other.start(app="tests.apps.observed", workers=1)])


def the_leader_was_away(scene: Scene) -> None:
    hourly = f"{(datetime.now(UTC) - timedelta(minutes=10)).minute} * * * *"
    observed.jobs.schedule(observed.tick, Schedule(hourly, name="hourly"))
    for key in ("tick/hourly", "tick"):
        scene.connection.execute(LAST_TICK, [key])


def a_transaction_stays_open(scene: Scene) -> None:
    holder = scene.undo.enter_context(psycopg.connect(scene.pool.dsn))
    holder.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    holder.execute("SELECT count(*) FROM jobs.job")


def a_table_stays_locked(scene: Scene) -> None:
    holder = scene.undo.enter_context(psycopg.connect(scene.pool.dsn))
    holder.execute("LOCK TABLE jobs.job IN ACCESS EXCLUSIVE MODE")


def partitions_are_missing(scene: Scene) -> None:
    for (partition,) in scene.connection.execute(PARTITIONS).fetchall():
        scene.connection.execute(f"DROP TABLE {partition}".encode())


FAULTS: dict[Fault, set[str]] = {
    nobody_performs: {"JobsUnhandled", "JobsWaitTooLong"},
    every_worker_hangs: {"JobsWorkersSaturated", "JobsThroughputDropped", "JobsWaitTooLong"},
    jobs_fail: {"JobsFailing"},
    a_job_kills_its_workers: {"JobsQuarantined", "JobsProcessesDie"},
    workers_are_killed: {"JobsRescues", "JobsProcessesDie"},
    nothing_runs: {"JobsNoSupervisor"},
    one_is_not_scraped: {"JobsNotScraped"},
    a_host_is_lost: {"JobsHostLost"},
    the_database_is_away: {"JobsDatabaseAway", "JobsNoWorkers", "JobsNoLeader"},
    two_databases_have_one_label: {"JobsTwoLeaders"},
    the_leader_was_away: {"JobsTicksLate", "JobsTicksMissed"},
    a_transaction_stays_open: {"JobsVacuumHeldBack"},
    a_table_stays_locked: {"JobsClusterUnread"},
    partitions_are_missing: {"JobsHistoryUnprepared"},
}


def shortened() -> str:
    """The rules with minutes made seconds, and every `for` one second."""
    text = RULES.read_text()
    for comparison, seconds in SOONER.items():
        assert comparison in text
        text = text.replace(comparison, re.sub(r"\d+$", seconds, comparison))
    text = re.sub(r"\[1h\]", "[60s]", text)
    text = re.sub(r"\[(\d+)m\]", r"[\1s]", text)
    return re.sub(r"for: \w+", "for: 1s", text)


def performed(scene: Scene) -> float:
    found = scene.prometheus.query('sum(jobs_attempts_total{job_name="work"})')
    return float(found[0]["value"][1]) if found else 0.0


@pytest.fixture
def scene(
    pool: Pool, connection: Connection, server_dsn: str, template: str, tmp_path: Path
) -> Iterator[Scene]:
    running = pool.start(app="tests.apps.observed", workers=WORKERS)
    prometheus = Prometheus(tmp_path, [running], shortened())
    try:
        with ExitStack() as undo:
            scene = Scene(pool, running, prometheus, connection, server_dsn, template, undo)
            eventually(lambda: bool(prometheus.query("jobs_leader == 1")), 30, "a first scrape")
            eventually(lambda: not prometheus.firing(), 20, "nothing is wrong")
            yield scene
    finally:
        prometheus.stop()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_an_alert_fires_when_its_fault_is_caused(scene: Scene, fault: Fault) -> None:
    expected = FAULTS[fault]
    keep_up = fault(scene)
    fired: set[str] = set()

    def all_fired() -> bool:
        if keep_up is not None:
            keep_up()
        fired.update(scene.prometheus.firing())
        return expected <= fired

    try:
        eventually(all_fired, 90, f"{expected} fire")
    except AssertionError:
        raise AssertionError(f"only {fired} of {expected} fired:\n{scene.running.log}") from None


def test_every_alert_has_a_fault() -> None:
    assert set[str]().union(*FAULTS.values()) == {rule["alert"] for rule in rules()}
