"""What an application has of a pg-boss beyond what both executors do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from jobs_runtime import (
    PG_BOSS_EXECUTOR_NAME,
    ConfigurationError,
    DeclarationError,
    Jobs,
    JobState,
    OptionError,
    PayloadError,
    Schedule,
)
from jobs_runtime.executors.mixed import MixedExecutor
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss.rows import COLUMNS
from jobs_runtime.model import Outcome
from tests.contract.house import House, Worker

KEPT = """
SELECT extract(epoch FROM keepuntil - createdon)::int
FROM pgboss.job
WHERE name = '__state__completed__work'
"""


def row_of(submitted: Any) -> dict[str, Any]:
    row = submitted.pg_boss.details()
    assert row is not None
    return row


class TestRow:
    def test_it_has_nodes_columns_and_defaults(self, boss: House) -> None:
        row = row_of(boss.work.submit({"n": 1}))
        assert list(row) == [*COLUMNS[:-1]]
        moments = ("createdon", "startafter", "keepuntil")
        assert {key: value for key, value in row.items() if key not in ("id", *moments)} == {
            "name": "work", "priority": 0, "data": {"n": 1}, "state": "created", "retrylimit": 0,
            "retrycount": 0, "retrydelay": 0, "retrybackoff": False, "startedon": None,
            "singletonkey": None, "singletonon": None, "expirein": timedelta(minutes=15),
            "completedon": None, "on_complete": False, "output": None,
        }  # fmt: skip
        assert row["startafter"] == row["createdon"]
        assert row["keepuntil"] - row["startafter"] == timedelta(days=14)

    def test_every_option_has_its_column(self, boss: House) -> None:
        row = row_of(
            boss.work.submit(
                {"n": 1},
                priority=3,
                retry_limit=4,
                retry_delay=5,
                retry_backoff=True,
                expire_in=90.5,
                start_after=60,
                keep_for=120,
                singleton_key="key",
                singleton_queue=True,
                on_complete=True,
            )
        )
        wanted = {
            "priority": 3, "retrylimit": 4, "retrydelay": 5, "retrybackoff": True,
            "expirein": timedelta(seconds=90.5), "on_complete": True,
            "singletonkey": "__pgboss__singleton_queuekey", "singletonon": None,
        }  # fmt: skip
        assert {key: row[key] for key in wanted} == wanted
        assert row["startafter"] - row["createdon"] == timedelta(seconds=60)
        assert row["keepuntil"] - row["startafter"] == timedelta(seconds=120)

    def test_a_time_slot_is_kept_as_wall_time_of_utc(self, boss: House) -> None:
        row = row_of(boss.work.submit({"n": 1}, singleton_seconds=3600))
        created = row["createdon"].replace(tzinfo=None)
        assert row["singletonon"] == created.replace(minute=0, second=0, microsecond=0)

    def test_the_next_slot_is_a_second_late_as_with_node(self, boss: House) -> None:
        boss.work.submit({"n": 1}, singleton_seconds=3600, singleton_next_slot=True)
        row = row_of(boss.work.submit({"n": 1}, singleton_seconds=3600, singleton_next_slot=True))
        late = row["startafter"].replace(tzinfo=None) - row["singletonon"]
        assert timedelta(seconds=0.9) < late <= timedelta(seconds=2)

    def test_no_argument_is_null(self, boss: House) -> None:
        job = boss.jobs.job(executor="PgBoss", name="nothing")(lambda: None)
        assert row_of(job.submit())["data"] is None

    def test_many_have_the_same_columns_as_one(self, boss: House) -> None:
        options: Any = {"priority": 3, "retry_limit": 4, "expire_in": 90, "start_after": 60}
        one = row_of(boss.work.submit({"n": 1}, **options))
        (many,) = map(row_of, boss.work.submit_many([{"n": 1}], **options))
        own = ("id", "createdon", "startafter", "keepuntil")
        assert {key: one[key] for key in one if key not in own} == {
            key: many[key] for key in many if key not in own
        }
        assert abs(many["startafter"] - one["startafter"]) < timedelta(seconds=10)


class TestEnd:
    def test_results_are_wrapped_as_node_does(self, boss: House) -> None:
        outputs = {"7": {"value": 7}, "[1]": {"value": [1]}, '{"a": 1}': {"a": 1}, None: None}
        worker = boss.worker()
        for output, kept in outputs.items():
            submitted = boss.work.submit({"n": 1})
            worker.finish(worker.claim_one(), output)
            row = row_of(submitted)
            assert (row["state"], row["output"]) == ("completed", kept)
            assert isinstance(row["completedon"], datetime)

    def test_a_retry_waits_as_long_as_it_is_told_and_clears_nothing_else(self, boss: House) -> None:
        submitted = boss.eager.submit({"n": 1})
        worker = boss.worker()
        worker.end(worker.claim_one("eager"), JobState.RETRY, '{"name":"E"}', delay=30)
        row = row_of(submitted)
        assert (row["state"], row["retrycount"], row["completedon"]) == ("retry", 0, None)
        assert timedelta(seconds=25) < row["startafter"] - row["createdon"] < timedelta(seconds=60)
        boss.make_due()
        worker.claim_one("eager")
        assert row_of(submitted)["retrycount"] == 1

    @pytest.mark.parametrize("state", ["completed", "failed", "expired"])
    def test_a_completion_job_reports_it(self, boss: House, state: str) -> None:
        boss.work.submit({"n": 1}, on_complete=True, keep_for=1000)

        def report(_report: dict[str, Any]) -> None: ...

        boss.jobs.job(executor="PgBoss", name="__state__completed__work")(report)
        worker = boss.worker()
        claim = worker.claim_one()
        worker.end(claim, JobState(state), '{"name":"E"}')
        (reported,) = Worker(boss).claim("__state__completed__work")
        args: Any = msgspec.json.decode(reported.args or "")
        assert args["request"] == {"id": claim.submitted_id, "name": "work", "data": {"n": 1}}
        assert (args["state"], args["failed"]) == (state, state != "completed")
        assert (args["response"], args["retryCount"]) == ({"name": "E"}, 0)
        assert {"createdOn", "startedOn", "completedOn"} < set(args)
        kept = boss.connection.execute(KEPT).fetchone()
        assert kept is not None
        assert 1990 < kept[0] <= 2000

    @pytest.mark.parametrize("state", [JobState.RETRY, JobState.CANCELLED])
    def test_nothing_is_reported_of_what_has_no_end_of_its_own(
        self, boss: House, state: JobState
    ) -> None:
        submitted = boss.eager.submit({"n": 1}, on_complete=True)
        worker = boss.worker()
        claim = worker.claim_one("eager")
        if state is JobState.CANCELLED:
            submitted.cancel()
        else:
            worker.end(claim, state)
        assert boss.connection.execute("SELECT count(*) FROM pgboss.job").fetchone() == (1,)

    def test_one_displaced_from_its_singleton_queue_fails_with_the_reason(
        self, boss: House
    ) -> None:
        first = boss.eager.submit({"n": 1}, singleton_key="a", singleton_queue=True)
        worker = boss.worker()
        claim = worker.claim_one("eager")
        second = boss.eager.submit({"n": 2}, singleton_key="a", singleton_queue=True)
        assert worker.end(claim, JobState.RETRY, '{"name":"ValueError"}')
        row = row_of(first)
        assert (row["state"], row["output"]["name"]) == ("failed", "ValueError")
        assert "singleton queue" in row["output"]["notRetried"]
        assert row["completedon"] is not None
        assert second.details().state is JobState.CREATED

    def test_what_node_did_to_an_active_job_is_not_undone(self, boss: House) -> None:
        submitted = boss.eager.submit({"n": 1})
        worker = boss.worker()
        claim = worker.claim_one("eager")
        boss.connection.execute("UPDATE pgboss.job SET state = 'retry', startafter = now()")
        assert isinstance(worker.executor, MixedExecutor)
        leases = worker.executor.leases[0]
        lost = run(boss.connection, leases.lost([worker.incarnation]))
        assert lost == [(claim.job_id, worker.incarnation)]
        again = boss.worker()
        second = again.claim_one("eager")
        assert second.attempt == 2
        assert worker.settle(Outcome(claim.job_id, JobState.COMPLETED, 0.1, "1")) == []
        assert row_of(submitted)["state"] == "active"
        assert again.finish(second, "2")

    def test_a_restored_one_comes_out_of_the_archive(self, boss: House) -> None:
        submitted = boss.work.submit({"n": 1})
        worker = boss.worker()
        worker.end(worker.claim_one(), JobState.FAILED, '{"name":"E"}')
        boss.connection.execute(
            "WITH gone AS (DELETE FROM pgboss.job RETURNING *) INSERT INTO pgboss.archive"
            " SELECT *, now() FROM gone"
        )
        assert submitted.details().state is JobState.FAILED
        assert row_of(submitted)["archivedon"] is not None
        assert submitted.retry()
        assert "archivedon" not in row_of(submitted)
        assert worker.claim_one().attempt == 1


class TestNamespace:
    def test_cancel_and_resume_answer_as_node_does(self, boss: House) -> None:
        submitted = boss.work.submit({"n": 1})
        told = {"jobs": [submitted.job_id], "requested": 1, "updated": 1}
        assert submitted.pg_boss.cancel() == told
        assert submitted.pg_boss.cancel() == {**told, "updated": 0}
        assert submitted.pg_boss.resume() == told
        assert submitted.executor_name == PG_BOSS_EXECUTOR_NAME == "PgBoss"

    def test_it_is_there_for_jobs_of_pg_boss_alone(self, boss: House) -> None:
        ours = boss.jobs.job(name="ours")(lambda: None).submit()
        with pytest.raises(ConfigurationError, match="our own tables"):
            _ = ours.pg_boss

    def test_a_queue_that_only_node_performs(self, boss: House) -> None:
        submitted = boss.jobs.pg_boss.send("email", {"to": "a@b"}, retry_limit=2)
        assert row_of(submitted)["data"] == {"to": "a@b"}
        assert submitted.job is None
        assert submitted.cancel()
        for data in ("text", [1], 7):
            with pytest.raises(PayloadError, match="pg-boss keeps an object"):
                boss.jobs.pg_boss.send("email", data)

    def test_subscribers_get_what_is_published_all_or_none(self, boss: House) -> None:
        boss.jobs.pg_boss.subscribe("ordered", boss.work)
        boss.jobs.pg_boss.subscribe("ordered", "email")
        boss.jobs.pg_boss.subscribe("ordered", "email")
        sent = boss.jobs.pg_boss.publish("ordered", {"n": 7}, priority=2)
        assert sorted(each.job_name for each in sent) == ["email", "work"]
        assert {row_of(each)["priority"] for each in sent} == {2}
        assert boss.jobs.pg_boss.unsubscribe("ordered", "email")
        assert not boss.jobs.pg_boss.unsubscribe("ordered", "email")
        assert len(boss.jobs.pg_boss.publish("ordered", {"n": 7})) == 1
        assert boss.jobs.pg_boss.publish("nothing") == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"queue": "other"}, "the name is the queue"),
            ({"concurrency": 1}, "concurrency= or rate="),
            ({"rate": "1/s"}, "concurrency= or rate="),
            ({"dead_letter": "dead"}, "dead_letter"),
            ({"retry_max_delay": 5}, "retry_max_delay"),
            ({"keep_finished_for": 5}, "keep_finished_for"),
            ({"retry_delay": 0.5}, r"a retry_delay of 0\.5 s: it takes whole seconds"),
            ({"expire_in": 0.5}, "it takes 1 s or more"),
            ({"singleton_seconds": 50_000}, "more than 12 hours"),
            ({"on_complete": "audit"}, "name='__state__completed__work'"),
            ({"name": "__pgboss__cron"}, "pg-boss's own"),
            ({"schedule": [Schedule("* * * * *", name=name) for name in "ab"]}, "schedule"),
            ({"schedule": Schedule("*/10 * * * * *")}, "seconds .* leave the first field out"),
        ],
    )
    def test_what_its_tables_cannot_keep(self, options: Any, message: str) -> None:
        declare: Any = Jobs().job
        with pytest.raises((DeclarationError, OptionError), match=message):
            declare(executor="PgBoss", **{"name": "work", **options})(lambda: None)

    def test_an_option_of_a_submit(self, boss: House) -> None:
        with pytest.raises(OptionError, match="job work: the executor PgBoss cannot keep"):
            boss.work.submit({"n": 1}, dead_letter="dead")

    def test_an_executor_that_there_is_not(self) -> None:
        with pytest.raises(DeclarationError, match="did you mean 'PgBoss'"):
            Jobs().job(name="work", executor="pgboss")(lambda: None)

    def test_a_completion_job_of_our_own_tables(self) -> None:
        with pytest.raises(OptionError, match="True is for the executor PgBoss"):
            Jobs().job(name="work", on_complete=True)(lambda: None)

    def test_one_queue_in_two_places(self) -> None:
        jobs = Jobs()
        jobs.job(executor="PgBoss", name="work")(lambda: None)
        with pytest.raises(DeclarationError, match="share the queue 'work' but not the executor"):
            jobs.job(name="other", queue="work")(lambda: None)

    @pytest.mark.parametrize("declared", [int, str, list[int], float, tuple[int, str]])
    def test_an_argument_that_is_never_an_object(self, declared: Any) -> None:
        def work(args: Any) -> None: ...

        work.__annotations__["args"] = declared
        with pytest.raises(DeclarationError, match="pg-boss keeps an object"):
            Jobs().job(executor="PgBoss")(work).check()

    def test_a_result_with_a_nul_character(self, boss: House) -> None:
        def free() -> Any: ...

        job = boss.jobs.job(executor="PgBoss")(free)
        with pytest.raises(PayloadError, match="NUL character, which jsonb cannot keep"):
            job.output.encode({"a": ["x\x00"]})
        assert job.output.encode(r"\u0000 in words") is not None
