"""Two containers of one host name, each with its supervisor as process 1, on one database."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from jobs_runtime.database import Connection
from jobs_runtime.submitted import SubmittedJob
from jobs_supervisor.scheduler.rescue import STALE_AFTER
from tests.apps import hosts
from tests.processes.test_orphans import CONTAINER, may_make_containers
from tests.support.pool import Pool, Running, eventually

SAME_NAME = (*CONTAINER, "--uts", "sh", "-c", 'hostname twin && exec "$@"', "sh")

HELD = """
SELECT job.id::text, supervisor.id
FROM jobs.job JOIN jobs.worker ON incarnation = claimed_by
     JOIN jobs.supervisor ON supervisor.id = supervisor_id
"""

pytestmark = pytest.mark.skipif(not may_make_containers(), reason="needs unshare(1) and root")


@dataclass(frozen=True, slots=True)
class Container:
    """One of the two.

    Attributes:
        init: its process 1, as it is called outside.
        supervisor_id: what the database calls it.
    """

    running: Running
    init: psutil.Process
    supervisor_id: str

    def tree(self) -> set[int]:
        return {child.pid for child in self.init.children()}


def started(pool: Pool, connection: Connection, known: set[str]) -> Container:
    """Start one whose supervisor is none of those that are known."""
    running = pool.start(app="tests.apps.hosts", workers=2, wait=False, prefix=SAME_NAME)
    eventually(lambda: "ready: " in running.log, 20, "ready")
    registered: list[str] = []

    def announced() -> bool:
        rows = connection.execute("SELECT id FROM jobs.supervisor WHERE (host, pid) = ('twin', 1)")
        registered[:] = [row[0] for row in rows if row[0] not in known]
        return bool(registered)

    eventually(announced, 10, "it has announced itself")
    (init,) = psutil.Process(running.process.pid).children()
    return Container(running, init, registered[0])


@pytest.fixture
def twins(dsn: str, connection: Connection) -> Iterator[list[Container]]:
    """Two of them, with two workers each."""
    hosts.jobs.database.given_dsn = dsn
    pools = Pool(dsn), Pool(dsn)
    try:
        first = started(pools[0], connection, set())
        second = started(pools[1], connection, {first.supervisor_id})
        yield [first, second]
    finally:
        hosts.jobs.close()
        for pool in pools:
            pool.kill_all()


@dataclass(frozen=True, slots=True)
class Load:
    """Jobs that occupy every worker of both, by the supervisor that performs them."""

    jobs: dict[str, list[SubmittedJob[None]]]
    witness: Path

    def begun(self) -> Counter[str]:
        """How often each job was begun."""
        return Counter(self.witness.read_text().split())


@pytest.fixture
def load(twins: list[Container], connection: Connection, tmp_path: Path) -> Load:
    witness = tmp_path / "witness"
    witness.touch()
    submitted = hosts.witnessed.submit_many([str(witness)] * 4)
    eventually(lambda: len(witness.read_text().split()) == 4, 10, "all have begun")
    held = dict(connection.execute(HELD).fetchall())
    jobs = {
        each.supervisor_id: [one for one in submitted if held[one.job_id] == each.supervisor_id]
        for each in twins
    }
    assert [len(each) for each in jobs.values()] == [2, 2]
    return Load(jobs, witness)


def wait_for_all(load: Load, within: float) -> None:
    ends = time.monotonic() + within
    for submitted in (one for jobs in load.jobs.values() for one in jobs):
        assert submitted.wait(ends - time.monotonic()).state == "completed"


def test_a_worker_that_dies_in_one_is_not_missed_in_the_other(
    twins: list[Container], load: Load
) -> None:
    first, second = twins
    others = second.tree()
    victim = next(each for each in first.init.children() if "worker" in each.cmdline()[0])
    victim.kill()
    wait_for_all(load, STALE_AFTER / 2)
    assert sorted(load.begun().values()) == [1, 1, 1, 2]
    assert all(load.begun()[one.job_id] == 1 for one in load.jobs[second.supervisor_id])
    first.init.send_signal(signal.SIGTERM)
    assert first.running.wait_exit(10) == 0
    assert hosts.work.submit(0.0).wait(5).attempt == 1
    assert second.tree() == others


@pytest.mark.long
@pytest.mark.parametrize("victim", [0, 1], ids=["the leader's", "the other"])
def test_jobs_of_a_container_that_is_killed_are_performed_in_the_other(
    twins: list[Container], load: Load, victim: int
) -> None:
    killed, other = twins[victim], twins[1 - victim]
    others = other.tree()
    for process in (killed.init, *killed.init.children()):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    killed.running.wait_exit(10)
    wait_for_all(load, STALE_AFTER + 20)
    begun = load.begun()
    assert [begun[one.job_id] for one in load.jobs[killed.supervisor_id]] == [2, 2]
    assert [begun[one.job_id] for one in load.jobs[other.supervisor_id]] == [1, 1]
    assert other.tree() == others
