"""On the tables of pg-boss 11 and 12, where queues have options: performing and sending."""

from __future__ import annotations

from typing import Any

import pytest

from jobs_runtime import Jobs, Schedule, SubmittedJob
from jobs_runtime.errors import DeclarationError, OptionError, SchemaError
from jobs_runtime.executors.pgboss.examining import examine
from jobs_runtime.testing import sandbox
from jobs_supervisor.supervisor import NOT_STARTED
from tests.interop import app
from tests.interop.queues import SOON, VERSIONS, QueueHouse
from tests.support.pool import eventually

pytestmark = pytest.mark.interop

OWN = {"id", "source_id", "source_name", "source_root_id", "source_created_on", "source_output"}
"""Columns of a dead letter that are its own."""


def timeless(row: dict[str, Any]) -> dict[str, Any]:
    """A row without moments, but with how far they lie apart."""
    kept = {key: value for key, value in row.items() if not key.endswith(("_on", "_after"))}
    return {
        **kept,
        "keep_until": round((row["keep_until"] - row["start_after"]).total_seconds()),
        "delay": round((row["start_after"] - row["created_on"]).total_seconds() / 10),
        "singleton_on": row["singleton_on"],
    }


def key(submitted: SubmittedJob[Any]) -> tuple[str, str]:
    return submitted.job_name, submitted.job_id


@pytest.mark.usefixtures("workers")
class TestNodeSends:
    @pytest.mark.parametrize(("give", "output"), [({"a": 3}, {"a": 3}), ([1], {"value": [1]})])
    def test_and_sees_what_python_gave(
        self, house: QueueHouse, give: object, output: object
    ) -> None:
        job = house.ended("shared", house.node.send("shared", {"give": give}))
        assert (job["state"], job["output"], job["retryCount"]) == ("completed", output, 0)
        seen = app.jobs.get(job["id"])
        assert seen is not None
        assert seen.result(1) == give
        details = seen.pg_boss.details()
        assert details is not None
        assert details.keys() == job.keys()
        for key in ("name", "state", "retryLimit", "expireInSeconds", "deadLetter", "policy"):
            assert details[key] == job[key]

    def test_what_fails_for_good_is_buried_as_node_buries(self, house: QueueHouse) -> None:
        house.connection.execute("DELETE FROM pgboss.job WHERE name = 'buried'")
        house.node.work("of_node", pollingIntervalSeconds=0.5)
        send = ({"raise": "no paper"}, {"priority": 3})
        ids = {name: house.node.send(name, *send) for name in ("shared", "of_node")}
        jobs = {name: house.ended(name, job_id) for name, job_id in ids.items()}
        for job in jobs.values():
            assert (job["state"], job["retryCount"]) == ("failed", 1)
            assert job["output"]["message"] == "no paper"
        eventually(lambda: house.count("name = 'buried'") == 2, SOON, "both are buried")
        if not house.has("job.source_name"):
            return
        buried = [house.row("job WHERE name = 'buried' AND source_name = %s", name) for name in ids]
        assert [row["source_id"] for row in buried] == [
            house.row("job WHERE name = %s AND id = %s", name, ids[name])["id"] for name in ids
        ]
        ours, nodes = (timeless(row) for row in buried)
        outputs = {"output", "source_output"}
        assert {key: ours[key] for key in ours.keys() - OWN - outputs} == {
            key: nodes[key] for key in nodes.keys() - OWN - outputs
        }
        for key in outputs & ours.keys():
            assert (ours[key] and ours[key]["message"]) == (nodes[key] and nodes[key]["message"])

    def test_a_heartbeat_keeps_node_from_expiring_it(self, house: QueueHouse) -> None:
        if not house.has("job.heartbeat_seconds"):
            pytest.skip("this version has none")
        job_id = house.node.send("shared", {"sleep": 4}, {"heartbeatSeconds": 10})
        shorten = "UPDATE pgboss.job SET heartbeat_seconds = 2 WHERE name = 'shared' AND id = %s"
        house.connection.execute(shorten, [job_id])
        job = house.ended("shared", job_id)
        assert (job["state"], job["retryCount"]) == ("completed", 0)

    def test_a_queue_that_notifies_is_heard_at_once(self, house: QueueHouse) -> None:
        if not house.notifies:
            pytest.skip("this version does not")
        ids = [house.node.send("shared") for _ in range(10)]
        for job_id in ids:
            house.ended("shared", job_id)
        row = house.connection.execute(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY started_on - created_on)"
            " FROM pgboss.job WHERE name = 'shared' AND id = ANY (%s::uuid[])",
            [ids],
        ).fetchone()
        assert row is not None
        assert row[0].total_seconds() < 0.2


class TestPythonSubmits:
    def test_and_a_sandbox_sees_and_performs(self, house: QueueHouse) -> None:
        with sandbox(app.jobs) as submits:
            app.shared.submit({"give": 5})
            app.shared.submit({"give": 6}, start_after=60)
            submits.assert_submitted(app.shared, {"give": 6}, times=1)
            assert [record.output for record in submits.drain()] == [5]
            assert [record.output for record in submits.drain(delayed=True)] == [6]

    def test_and_node_performs(self, house: QueueHouse) -> None:
        house.node.work("of_node", pollingIntervalSeconds=0.5)
        sent = app.jobs.pg_boss.send("of_node", {"give": 5})
        assert sent.result(SOON) == 5
        failing = app.jobs.pg_boss.send("of_node", {"raise": "no paper"}, retry_limit=0)
        record = failing.wait(SOON)
        assert (record.state, record.attempt) == ("failed", 1)
        assert record.output["message"] == "no paper"  # pyright: ignore[reportIndexIssue]

    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ({}, {}),
            ({"priority": 7, "retryLimit": 0}, {"priority": 7, "retry_limit": 0}),
            ({"retryDelay": 9, "retryBackoff": True}, {"retry_delay": 9, "retry_backoff": True}),
            ({"expireInSeconds": 30}, {"expire_in": 30}),
            ({"retentionSeconds": 90, "startAfter": 600}, {"keep_for": 90, "start_after": 600}),
            ({"singletonSeconds": 3600}, {"singleton_seconds": 3600}),
            (
                {"singletonSeconds": 3600, "singletonKey": "k"},
                {"singleton_seconds": 3600, "singleton_key": "k"},
            ),
        ],
    )
    def test_the_row_is_nodes(
        self, house: QueueHouse, theirs: dict[str, Any], ours: dict[str, Any]
    ) -> None:
        def sent() -> dict[str, Any]:
            found = timeless(house.row("job WHERE name = 'shared'"))
            del found["id"]
            return found

        forget = "DELETE FROM pgboss.job WHERE name = 'shared'"
        house.connection.execute(forget)
        job_id = house.node.send("shared", {"n": 1}, theirs)
        by_node = sent()
        if "singletonSeconds" in theirs:
            again = app.shared.submit({"n": 1}, **ours)
            assert (again.duplicate, again.job_id) == (True, job_id)
        house.connection.execute(forget)
        assert app.shared.submit({"n": 1}, **ours)
        assert sent() == by_node
        assert (house.node.send("shared", {"n": 1}, theirs) is None) == (
            "singletonSeconds" in theirs
        )
        house.connection.execute(forget)

    def test_a_taken_slot_leads_to_the_next(self, house: QueueHouse) -> None:
        sent = [
            app.shared.submit(
                None, singleton_seconds=3600, singleton_next_slot=True, singleton_key="next"
            )
            for _ in range(3)
        ]
        assert [bool(each) for each in sent] == [True, True, False]
        assert sent[2].job_id == sent[1].job_id
        theirs = {"singletonSeconds": 3600, "singletonNextSlot": True, "singletonKey": "next"}
        assert house.node.send("shared", None, theirs) is None

    def test_many_have_the_queues_options(self, house: QueueHouse) -> None:
        many = app.shared.submit_many([{"n": n} for n in range(100)], priority=-9, start_after=60)
        rows = house.connection.execute(
            "SELECT DISTINCT retry_limit, expire_seconds, dead_letter, policy FROM pgboss.job"
            " WHERE name = 'shared' AND priority = -9 AND id = ANY (%s::uuid[])",
            [[each.job_id for each in many]],
        ).fetchall()
        assert rows == [(1, 55, "buried", "standard")]
        assert house.count("name = 'shared' AND priority = -9") == 100
        house.connection.execute("DELETE FROM pgboss.job WHERE name = 'shared'")

    def test_several_at_once_have_options_of_their_own(self, house: QueueHouse) -> None:
        boss = app.jobs.pg_boss
        sent = boss.insert(
            [
                {"name": "shared", "data": {"n": 1}, "priority": 7, "start_after": 60},
                {"name": "shared", "data": {"n": 2}, "retry_limit": 9, "start_after": 60},
                {"name": "of_node", "start_after": 60},
            ]
        )
        rows = [house.row("job WHERE name = %s AND id = %s", *key(each)) for each in sent]
        assert [(row["priority"], row["retry_limit"]) for row in rows] == [(7, 1), (0, 9), (0, 1)]
        assert [row["data"] for row in rows] == [{"n": 1}, {"n": 2}, None]
        assert all(each.cancel() for each in sent)

    def test_events_reach_their_queues(self, house: QueueHouse) -> None:
        app.jobs.pg_boss.subscribe("order-placed", app.shared)
        house.node.call("subscribe", "order-placed", "of_node")
        sent = app.jobs.pg_boss.publish("order-placed", {"n": 1}, start_after=60)
        assert sorted(each.job_name for each in sent) == ["of_node", "shared"]
        assert app.jobs.pg_boss.unsubscribe("order-placed", "of_node")
        assert all(each.cancel() for each in sent)


class TestRefusing:
    def test_what_the_queue_cannot_keep(self, house: QueueHouse) -> None:
        send = app.jobs.pg_boss.send
        with pytest.raises(SchemaError, match=r"no queue 'absent'.*boss\.createQueue\('absent'\)"):
            send("absent")
        with pytest.raises(SchemaError, match="no queue 'absent'"):
            app.jobs.pg_boss.subscribe("event", "absent")
        with pytest.raises(SchemaError, match="'fancy' of pg-boss has the policy 'short'"):
            send("fancy")
        with pytest.raises(OptionError, match="11 and 12 have no completion jobs"):
            send("shared", on_complete=True)
        with pytest.raises(OptionError, match="a singleton_key alone suppresses nothing"):
            send("shared", singleton_key="k")
        jobs = Jobs(house.dsn)
        jobs.job(executor="PgBoss", name="absent")(lambda: None)
        with pytest.raises(SchemaError, match="no queue 'absent'"):
            jobs.declared["absent"].submit_many([None])
        jobs.close()

    def test_declarations(self, house: QueueHouse) -> None:
        def refused(**declared: Any) -> list[str]:
            jobs = Jobs(house.dsn)
            jobs.job(executor="PgBoss", **declared)(lambda: None)
            return examine(house.connection, "pgboss", jobs.pg_boss_jobs).warnings

        assert refused(name="shared") == []
        (warning,) = refused(name="absent")
        assert "no queue 'absent'" in warning
        assert "\n" not in warning
        with pytest.raises(SchemaError, match="policy 'short'"):
            refused(name="fancy")
        with pytest.raises(DeclarationError, match=r"boss\.schedule\('shared', '0 9 \* \* \*'\)"):
            refused(name="shared", schedule=Schedule("0 9 * * *"))
        with pytest.raises(OptionError, match="completion jobs"):
            refused(name="shared", on_complete=True)

    def test_a_pool_says_in_one_line_why_it_does_not_start(self, house: QueueHouse) -> None:
        running = house.pool.start(app="tests.apps.scheduled_bossy", wait=False)
        assert running.wait_exit(20) == NOT_STARTED
        (line,) = running.log.strip().splitlines()
        assert "schedules of pg-boss 11 and 12 are fired by Node" in line

    def test_the_version_is_known(self, house: QueueHouse) -> None:
        fitness = examine(house.connection, "pgboss", []).fitness
        assert (fitness.version, fitness.warning) == (VERSIONS[house.version], None)
