"""Workers that perform what is kept in the tables of a pg-boss."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import LiteralString

import pytest

from jobs_runtime import JobFailed
from jobs_runtime.database import Connection
from jobs_runtime.executors.pgboss.schema import create
from jobs_supervisor.slots import Slot
from jobs_supervisor.supervisor import CUT_SHORT
from tests.apps import bossy
from tests.support.pool import Pool, Running, eventually

SENT: LiteralString = """
INSERT INTO pgboss.job (name, data) VALUES ('total', '{"a": 20, "b": 22}') RETURNING id
"""

pytestmark = pytest.mark.usefixtures("boss")


@pytest.fixture
def boss(dsn: str, connection: Connection) -> Iterator[None]:
    """The tables of pg-boss on the test's database."""
    create(connection, "pgboss")
    bossy.jobs.database.given_dsn = dsn
    yield
    bossy.jobs.close()


def busy(running: Running, name: str) -> Slot:
    """The slot that performs a job of this name, once one does."""
    found: list[Slot] = []

    def performed() -> bool:
        found[:] = [slot for slot in running.slots.workers if slot.job_id and slot.job_name == name]
        return bool(found)

    eventually(performed, 10, f"somebody performs {name}")
    return found[0]


def leases(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM jobs.pgboss_lease").fetchone()
    assert row is not None
    return row[0]


def test_one_pool_performs_jobs_of_both_executors(pool: Pool, connection: Connection) -> None:
    pool.start(app="tests.apps.bossy", workers=2)
    theirs = bossy.total.submit({"a": 1, "b": 2})
    ours = bossy.double.submit(4)
    assert (theirs.result(5), ours.result(5)) == (3, 8)
    assert (theirs.executor_name, ours.executor_name) == ("PgBoss", "postgres")
    row = theirs.pg_boss.details()
    assert row is not None
    assert (row["state"], row["output"], row["retrycount"]) == ("completed", {"value": 3}, 0)
    assert row["completedon"] > row["startedon"] > row["createdon"]
    asked = bossy.whoami.submit()
    told = asked.result(5)
    assert (told["job_id"], told["attempt"]) == (asked.job_id, 1)
    failed = bossy.fail.submit({"message": "bad"})
    with pytest.raises(JobFailed, match="ValueError: bad"):
        failed.result(5)
    row = failed.pg_boss.details()
    assert row is not None
    assert set(row["output"]) == {"name", "message", "stack"}
    many = bossy.total.submit_many({"a": number} for number in range(200))
    assert [each.result(10) for each in many] == list(range(200))
    sent = connection.execute(SENT).fetchone()
    assert sent is not None
    submitted = bossy.jobs.get(str(sent[0]))
    assert submitted is not None
    assert submitted.result(5) == 42
    eventually(lambda: leases(connection) == 0, 5, "nothing is leased any more")


def test_two_pools_divide_the_queues_of_both_executors(pool: Pool) -> None:
    ours = pool.start("--only-queues", "double", app="tests.apps.bossy", workers=1)
    theirs = pool.start("--exclude-queues", "double", app="tests.apps.bossy", workers=1)
    results = [bossy.double.submit(4).result(5), bossy.total.submit({"a": 1, "b": 2}).result(5)]
    assert results == [8, 3]
    for running in (ours, theirs):
        (slot,) = (slot for slot in running.slots.workers if slot.in_use)
        eventually(lambda slot=slot: slot.done == 1, 5, "each has performed its own")


@pytest.mark.measures
def test_a_dead_workers_job_is_performed_again_within_a_second(
    pool: Pool, connection: Connection
) -> None:
    running = pool.start(app="tests.apps.bossy", workers=2)
    submitted = bossy.doze.submit({"seconds": 0.5}, retry_limit=0)
    slot = busy(running, "doze")
    assert slot.job == f"doze #{submitted.job_id}"
    victim = slot.pid
    os.kill(victim, signal.SIGKILL)
    began = time.monotonic()
    eventually(
        lambda: any(slot.job_id and slot.attempt == 2 for slot in running.slots.workers),
        5,
        "its job is performed again",
    )
    assert time.monotonic() - began < 1
    assert submitted.result(10) not in (0, victim)
    assert (submitted.details().attempt, submitted.details().deaths) == (2, 1)
    row = submitted.pg_boss.details()
    assert row is not None
    assert (row["state"], row["retrycount"]) == ("completed", 0)
    assert any(f"into doze #{submitted.job_id}" in slot.last_exit for slot in running.slots.workers)


def test_one_that_kills_every_worker_is_quarantined(pool: Pool) -> None:
    running = pool.start(app="tests.apps.bossy", workers=2)
    record = bossy.die.submit().wait(20)
    assert (record.state, record.attempt, record.deaths) == ("failed", 3, 3)
    assert "killed by SIGKILL" in str(record.output)
    assert f"die {record.job_id} is quarantined" in running.log


def test_who_cancels_at_node_stops_the_process(pool: Pool, connection: Connection) -> None:
    running = pool.start("--kill-after", "0.5", app="tests.apps.bossy", workers=2)
    listens, deaf = bossy.nap.submit({"seconds": 60}), bossy.doze.submit({"seconds": 60})
    napping, dozing = busy(running, "nap"), busy(running, "doze")
    napper, dozer = napping.pid, dozing.pid
    began = time.monotonic()
    connection.execute("UPDATE pgboss.job SET state = 'cancelled', completedon = now()")
    eventually(lambda: napping.job_id == 0, 5, "the one that listens stops")
    eventually(lambda: dozing.pid not in (0, dozer), 10, "the one that does not is killed")
    assert time.monotonic() - began < 5
    assert napping.pid == napper
    for submitted in (listens, deaf):
        assert submitted.details().state == "cancelled"
        eventually(lambda each=submitted: each.resume(), 5, "it has stopped, and may be resumed")
    again, _ = busy(running, "nap"), busy(running, "doze")  # which none of them goes on with
    assert listens.cancel()
    eventually(lambda: again.job_id == 0, 3, "a cancel of ours stops it, too")


def test_one_that_outlasts_its_time_is_killed_and_expires(pool: Pool) -> None:
    running = pool.start("--kill-after", "0.2", app="tests.apps.bossy", workers=1)
    submitted = bossy.doze.submit({"seconds": 60}, expire_in=1)
    victim = busy(running, "doze").pid
    record = submitted.wait(10)
    assert record.state == "expired"
    assert record.started_at is not None
    assert record.finished_at is not None
    assert 1 <= (record.finished_at - record.started_at).total_seconds() < 5
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)


def test_a_deploy_gives_running_jobs_back(pool: Pool, connection: Connection) -> None:
    running = pool.start("--drain", "0.3", app="tests.apps.bossy", workers=1)
    submitted = bossy.doze.submit({"seconds": 60})
    busy(running, "doze")
    began = time.monotonic()
    assert running.stop() == CUT_SHORT
    assert time.monotonic() - began < 10
    row = submitted.pg_boss.details()
    assert row is not None
    assert (row["state"], row["retrycount"], row["startedon"]) == ("created", 0, None)
    assert leases(connection) == 0


def test_the_nodes_own_variable_says_where_the_tables_are(
    pool: Pool, dsn: str, connection: Connection
) -> None:
    create(connection, "other_boss")
    options = {"connectionString": dsn, "schema": "other_boss", "retryLimit": 3}
    pool.start(
        app="tests.apps.bossy",
        workers=1,
        DATABASE_URL="postgresql://nowhere.invalid/nothing",
        PG_BOSS_NEW_OPTIONS=json.dumps(options),
    )
    connection.execute(SENT.replace("pgboss", "other_boss"))

    def performed() -> bool:
        rows = connection.execute("SELECT state::text, output FROM other_boss.job").fetchall()
        return rows == [("completed", {"value": 42})]

    eventually(performed, 10, "it is performed")
