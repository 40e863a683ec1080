"""Jobs of Node's performed in Python and the other way round, seen from both sides."""

from __future__ import annotations

import queue
import time
from typing import Any

import pytest

from jobs_runtime.database import Connection
from jobs_runtime.executors.pgboss.maintenance import Keeping, Maintenance, Step
from jobs_runtime.executors.pgboss.tuning import tune
from tests.interop import app
from tests.interop.conftest import StartNode
from tests.interop.node import Node
from tests.support.pool import Pool, eventually

pytestmark = pytest.mark.interop

APP = "tests.interop.app"
SOON = 10.0
"""Seconds in which a job is performed."""


def ended(node: Node, job_id: str, within: float = SOON) -> dict[str, Any]:
    """Wait until Node sees that a job has ended; gives the job as Node sees it."""
    job: dict[str, Any] = {}

    def has_ended() -> bool:
        job.update(node.job(job_id))
        return job["state"] in ("completed", "failed", "expired", "cancelled")

    eventually(has_ended, within, f"{job} ends")
    return job


class TestNodeSends:
    @pytest.mark.parametrize(
        ("give", "output"),
        [({"total": 3}, {"total": 3}), (7, {"value": 7}), ([1, "a"], {"value": [1, "a"]})],
    )
    def test_and_sees_what_python_gave(
        self, node: Node, pool: Pool, give: object, output: object
    ) -> None:
        pool.start(app=APP, workers=1)
        job = ended(node, node.send("shared", {"give": give}))
        assert (job["state"], job["output"], job["retrycount"]) == ("completed", output, 0)

    def test_and_sees_how_python_failed(self, node: Node, pool: Pool) -> None:
        pool.start(app=APP, workers=1)
        job = ended(node, node.send("shared", {"raise": "no paper"}, {"retryLimit": 1}))
        assert (job["state"], job["retrycount"]) == ("failed", 1)
        assert (job["output"]["name"], job["output"]["message"]) == ("ValueError", "no paper")
        assert "no paper" in job["output"]["stack"]

    def test_and_is_told_of_the_end(self, node: Node, pool: Pool) -> None:
        node.call("onComplete", "shared")
        pool.start(app=APP, workers=1)
        options = {"onComplete": True}
        good = node.send("shared", {"give": {"a": 1}}, options)
        bad = node.send("shared", {"raise": "no"}, options)
        told = {each["data"]["request"]["id"]: each["data"] for each in take(node, 2)}
        assert told.keys() == {good, bad}
        fields = ("state", "failed", "retryCount")
        assert [told[good][field] for field in fields] == ["completed", False, 0]
        assert told[good]["response"] == {"a": 1}
        assert told[good]["request"]["data"] == {"give": {"a": 1}}
        assert [told[bad][field] for field in fields] == ["failed", True, 0]
        assert told[bad]["response"]["message"] == "no"
        assert told[bad]["startedOn"] < told[bad]["completedOn"]

    def test_with_the_trigger_python_begins_at_once(
        self, node: Node, pool: Pool, boss: Connection
    ) -> None:
        tune(boss, "pgboss")
        pool.start(app=APP, workers=1)
        ids: list[str] = []
        for _ in range(20):
            ids.append(node.send("shared"))
            ended(node, ids[-1])
        row = boss.execute(
            "SELECT percentile_cont(0.5) WITHIN GROUP"
            " (ORDER BY extract(epoch FROM startedon - createdon) * 1000)"
            " FROM pgboss.job WHERE id = ANY (%s::uuid[])",
            [ids],
        ).fetchone()
        assert row is not None
        assert row[0] < 100, "milliseconds; a poll would take half a second"


def take(node: Node, count: int) -> list[dict[str, Any]]:
    return [node.completed.get(timeout=SOON) for _ in range(count)]


class TestPythonSubmits:
    def test_and_sees_what_node_gave(self, node: Node, pool: Pool) -> None:
        node.work("shared", newJobCheckInterval=100)
        assert pool.dsn
        assert app.shared.submit({"give": 5}).result(SOON) == 5
        failing = app.shared.submit({"raise": "no paper"})
        eventually(lambda: failing.details().state == "failed", SOON, "it fails")
        assert failing.details().output["message"] == "no paper"  # pyright: ignore[reportIndexIssue]


class TestCancelling:
    def test_python_cancels_and_resumes_nodes(self, node: Node, pool: Pool) -> None:
        job_id = node.send("shared", {"n": 1})
        submitted = app.jobs.get(job_id)
        assert submitted is not None
        assert submitted.cancel()
        assert node.job(job_id)["state"] == "cancelled"
        assert submitted.resume()
        pool.start(app=APP, workers=1)
        assert ended(node, job_id)["state"] == "completed"

    def test_node_cancels_what_python_performs(self, node: Node, pool: Pool) -> None:
        pool.start(app=APP, workers=1)
        job_id = node.send("shared", {"sleep": 60})
        eventually(lambda: node.job(job_id)["state"] == "active", SOON, "it is performed")
        node.call("cancel", job_id)
        begun = time.monotonic()
        assert ended(node, node.send("shared"), 8)["state"] == "completed"
        assert time.monotonic() - begun < 8, "the worker is free long before the 60 s are over"
        job = node.job(job_id)
        assert (job["state"], job["output"]) == ("cancelled", None)
        node.call("resume", job_id)
        eventually(lambda: node.job(job_id)["state"] == "active", SOON, "it is performed anew")


class TestDying:
    def test_a_killed_workers_job_runs_once_more_though_node_looks_after_the_table(
        self, pool: Pool, boss: Connection, dsn: str, start_node: StartNode
    ) -> None:
        node = start_node("pg-boss-8", dsn, maintenanceIntervalSeconds=1, noScheduling=True)
        pool.start(app=APP, workers=1)
        job_id = node.send("die_once", None, {"expireInSeconds": 30})
        job = ended(node, job_id)
        assert (job["state"], job["retrycount"]) == ("completed", 0)
        assert job["output"] == {"attempt": 2}

    def test_what_a_killed_node_was_on_is_performed_by_python(
        self, node: Node, pool: Pool, boss: Connection, dsn: str, start_node: StartNode
    ) -> None:
        doomed = start_node("pg-boss-8", dsn, noSupervisor=True, noScheduling=True)
        doomed.work("shared", newJobCheckInterval=100)
        options = {"retryLimit": 1, "expireInSeconds": 1}
        job_id = node.send("shared", {"hang": True}, options)
        assert doomed.performed.get(timeout=SOON)["id"] == job_id
        doomed.kill()
        pool.start("--pgboss-maintenance", "node", app=APP, workers=1)
        maintenance = Maintenance("pgboss", Keeping())

        def given_back() -> bool:
            while maintenance.step(boss) is not Step.DONE:
                pass
            job = node.job(job_id)
            return job["state"] != "active" or job["retrycount"] == 1

        eventually(given_back, 5, "it is expired")
        job = ended(node, job_id)
        assert (job["state"], job["retrycount"]) == ("completed", 1)
        assert job["output"] == {"by": "python"}


def test_a_mixed_pool_performs_each_job_once(
    boss: Connection, pool: Pool, dsn: str, start_node: StartNode
) -> None:
    count = 10_000
    boss.execute("CREATE TABLE performed (n integer)")
    tune(boss, "pgboss")
    boss.execute(
        "INSERT INTO pgboss.job (name, data, retrylimit)"
        " SELECT 'counted', jsonb_build_object('n', n), 3 FROM generate_series(1, %s) AS n",
        [count],
    )
    nodes = [start_node("pg-boss-8", dsn, noScheduling=True) for _ in range(2)]
    for each in nodes:
        each.work("counted", teamSize=200, teamConcurrency=20, newJobCheckInterval=100)
    pool.start(app=APP, workers=2)

    def all_done() -> bool:
        row = boss.execute(
            "SELECT count(*) FROM pgboss.job WHERE name = 'counted' AND state = 'completed'"
        ).fetchone()
        return row == (count,)

    eventually(all_done, 60, "all are performed")
    in_python = [row[0] for row in boss.execute("SELECT n FROM performed").fetchall()]
    in_node = [each["data"]["n"] for node in nodes for each in drained(node.performed)]
    assert sorted(in_python + in_node) == list(range(1, count + 1))
    assert len(in_python) > 0
    assert len(in_node) > 0
    retried = boss.execute("SELECT count(*) FROM pgboss.job WHERE retrycount > 0").fetchone()
    assert retried == (0,)
    assert [node.errors for node in nodes] == [[], []]


def drained(events: queue.Queue[dict[str, Any]]) -> list[dict[str, Any]]:
    return [events.get() for _ in range(events.qsize())]
