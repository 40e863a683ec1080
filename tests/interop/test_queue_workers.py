"""On the tables of pg-boss 11 and 12: leases, dying, draining, sharing, an upgrade meanwhile."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from uuid import UUID

import pytest

from jobs_runtime import JobState
from jobs_runtime.executors.pgboss.examining import examine
from jobs_runtime.retry import retry_delay
from jobs_supervisor.supervisor import CUT_SHORT
from tests.contract.house import House
from tests.integration.databases import copied
from tests.interop import app
from tests.interop.node import missing
from tests.interop.queues import APP, SOON, VERSIONS, QueueHouse, queue_house
from tests.support.pool import Running, eventually

pytestmark = pytest.mark.interop


class TestLeases:
    @pytest.fixture
    def crew(self, house: QueueHouse) -> Iterator[House]:
        house.node.call("createQueue", "work", {"retryLimit": 3})
        house.connection.execute("DELETE FROM pgboss.job WHERE name = 'work'")
        crew = House("PgBoss", house.dsn, house.connection)
        yield crew
        crew.jobs.close()

    def test_a_late_outcome_changes_nothing(self, house: QueueHouse, crew: House) -> None:
        slow, quick = crew.worker(), crew.worker()
        submitted = crew.work.submit({"n": 1})
        late = slow.claim_one()
        assert late.attempt == 1
        assert quick.claim() == []
        house.node.call("fail", "work", submitted.job_id, {"message": "expired"})
        claim = quick.claim_one()
        assert (claim.submitted_id, claim.attempt) == (submitted.job_id, 2)
        assert not slow.finish(late, "1")
        assert quick.finish(claim, "2")
        assert submitted.result(1) == 2
        assert slow.held() == quick.held() == []

    def test_what_is_given_back_is_as_it_was(self, house: QueueHouse, crew: House) -> None:
        worker = crew.worker()
        submitted = crew.work.submit({"n": 1})
        before = house.row("job WHERE name = 'work'")
        assert worker.release(claim := worker.claim_one()) == [claim.job_id]
        assert house.row("job WHERE name = 'work'") == before
        assert worker.end(worker.claim_one(), JobState.RETRY, '{"message": "no"}')
        before = house.row("job WHERE name = 'work'")
        assert (before["state"], before["retry_count"]) == ("retry", 0)
        worker.release(worker.claim_one())
        assert house.row("job WHERE name = 'work'") == before
        claim = worker.claim_one()
        assert claim.attempt == 2
        assert submitted.details().attempt == 2
        assert crew.worker().probe(["work"]) == []

    def test_what_is_given_back_makes_way_for_a_newer_one_of_its_key(
        self, house: QueueHouse, crew: House
    ) -> None:
        if VERSIONS[house.version] < 46:
            pytest.skip("this pg-boss knows no upsert")
        worker = crew.worker()
        house.node.call("upsert", "work", {"n": 1}, {"singletonKey": "k"})
        claim = worker.claim_one()
        house.node.call("upsert", "work", {"n": 2}, {"singletonKey": "k", "startAfter": 3600})
        assert worker.release(claim) == [claim.job_id]
        assert worker.claim_one().submitted_id == claim.submitted_id

    def test_a_back_off_is_limited_as_the_queue_says(self, house: QueueHouse, crew: House) -> None:
        options = {"retryLimit": 9, "retryBackoff": True, "retryDelay": 0, "retryDelayMax": 5}
        house.node.send("work", None, options)
        claim = crew.worker().claim_one()
        assert retry_delay(1, claim.options, 0.5) == 1.5
        assert retry_delay(9, claim.options, 0.5) == 5


class TestWorkers:
    def test_cancel_and_resume(self, house: QueueHouse, workers: Running) -> None:
        waiting = house.node.send("shared", {"n": 1}, {"startAfter": 60})
        submitted = app.jobs.get(waiting)
        assert submitted is not None
        assert submitted.cancel()
        assert house.job("shared", waiting)["state"] == "cancelled"
        assert submitted.resume()
        assert house.job("shared", waiting)["state"] == "created"
        running = house.node.send("shared", {"sleep": 60})
        is_active = lambda: house.job("shared", running)["state"] == "active"  # noqa: E731
        eventually(is_active, SOON, "it is performed")
        house.node.call("cancel", "shared", running)
        idle = lambda: not any(slot.job_id for slot in workers.slots.workers)  # noqa: E731
        eventually(idle, 5, "the attempt is stopped")
        house.node.call("resume", "shared", running)
        eventually(is_active, SOON, "it is performed anew")
        submitted = app.jobs.get(running)
        assert submitted is not None
        assert submitted.cancel()
        eventually(idle, 5, "a cancel of ours stops it, too")

    def test_a_dead_workers_job_is_back_within_a_second(
        self, house: QueueHouse, workers: Running
    ) -> None:
        submitted = app.shared.submit({"sleep": 1.0}, retry_limit=1)
        eventually(lambda: any(slot.job_id for slot in workers.slots.workers), SOON, "it runs")
        victim = next(slot for slot in workers.slots.workers if slot.job_id)
        os.kill(victim.pid, signal.SIGKILL)
        again = eventually(
            lambda: any(slot.job_id and slot.attempt == 2 for slot in workers.slots.workers),
            SOON,
            "it is performed again",
        )
        assert again < 1
        assert submitted.result(SOON) == {"by": "python"}

    def test_a_deploy_gives_running_jobs_back(self, house: QueueHouse, workers: Running) -> None:
        job_id = house.node.send("shared", {"sleep": 60})
        eventually(lambda: any(slot.job_id for slot in workers.slots.workers), SOON, "it runs")
        assert workers.stop() == CUT_SHORT
        row = house.row("job WHERE name = 'shared' AND id = %s", job_id)
        assert (row["state"], row["retry_count"], row["started_on"]) == ("created", 0, None)
        house.node.call("cancel", "shared", job_id)


def test_a_mixed_pool_performs_each_job_once(house: QueueHouse) -> None:
    count = 2_000
    house.connection.execute("CREATE TABLE performed (n integer)")
    nodes = [house.node, house.start_node()]
    app.counted.submit_many({"n": n} for n in range(count))
    for node in nodes:
        node.work("counted", batchSize=20, pollingIntervalSeconds=0.5)
    running = house.pool.start(app=APP, workers=2)
    eventually(
        lambda: house.count("name = 'counted' AND state = 'completed'") == count, 30, "all are"
    )
    running.stop()
    ours = [row[0] for row in house.connection.execute("SELECT n FROM performed").fetchall()]
    theirs = [
        done["data"]["n"]
        for node in nodes
        for done in (node.performed.get() for _ in range(node.performed.qsize()))
        if done["name"] == "counted"
    ]
    assert sorted(ours + theirs) == list(range(count))
    assert ours
    assert theirs
    assert house.count("name = 'counted' AND retry_count > 0") == 0
    assert [node.errors for node in nodes] == [[], []]


def test_node_may_be_upgraded_under_a_running_pool(server_dsn: str, template: str) -> None:
    for version in ("pg-boss-12.27", "pg-boss-12"):
        if reason := missing(version):
            pytest.skip(reason)
    with copied(server_dsn, template) as dsn, queue_house("pg-boss-12.27", dsn) as house:
        running = house.pool.start(app=APP, workers=1)
        assert app.shared.submit().result(SOON) == {"by": "python"}
        house.node.close()
        house.version = "pg-boss-12"
        house.node = house.start_node()
        assert examine(house.connection, "pgboss", []).fitness.version == 46
        assert app.shared.submit().result(SOON) == {"by": "python"}
        job = house.ended("shared", house.node.send("shared", {"raise": "no"}, {"retryLimit": 0}))
        assert job["state"] == "failed"
        buried = house.row("job WHERE name = 'buried'")
        assert (buried["source_id"], buried["data"]) == (UUID(job["id"]), {"raise": "no"})
        assert running.stop() == 0
