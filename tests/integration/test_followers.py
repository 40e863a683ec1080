"""What is submitted when a job has ended: with which data, with which options, and once."""

from __future__ import annotations

from array import array
from typing import Any, cast

import pytest

from jobs_runtime import Job, JobRecord, Jobs, JobState, Schedule
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.model import Outcome
from jobs_runtime.options import Follower
from jobs_supervisor.counters import Layout, Row
from jobs_supervisor.obituary import Obituary, Verdict
from jobs_supervisor.scheduler.rescue import MAX_DEATHS, Rescue
from tests.integration.shop import Shop, Worker, details, register, waiting

FAILURE = '{"name":"ValueError","message":"bad"}'
ALL = "SELECT id FROM jobs.job ORDER BY name, id"
PAST_KEEPING = "UPDATE jobs.job SET keep_until = now() - interval '1 second'"


class Followed:
    """A job with followers, in an application of its own."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self.audit = jobs.job(name="audit", priority=3, retry_limit=2)(_take)
        self.bury = jobs.job(name="bury", queue="slow", keep_for=60)(_take)
        self.work: Job[int, Any] = jobs.job(
            name="work", on_complete=self.audit, dead_letter=self.bury
        )(_number)


def _take(args: Any) -> None: ...


def _number(args: int) -> int:
    return args


@pytest.fixture
def followed(shop: Shop) -> Followed:
    return Followed(shop.jobs)


def others(connection: Connection) -> list[JobRecord]:
    """Every job that waits, by its name."""
    return [details(connection, row[0]) for row in connection.execute(ALL).fetchall()]


def names(connection: Connection) -> list[str]:
    return [record.name for record in others(connection)]


def sent(report: JobRecord) -> dict[str, object]:
    assert isinstance(report.args, dict)
    return cast("dict[str, object]", report.args)


def rescuer() -> Rescue:
    layout = Layout(["work"])
    cells: array[float] = array("d", [0.0] * layout.width)
    return Rescue(Row(layout, memoryview(cells)), ["work"])


class TestData:
    def test_a_completed_job_is_reported_with_its_result(
        self, followed: Followed, worker: Worker, connection: Connection
    ) -> None:
        submitted = followed.work.submit(21)
        worker.settle(Outcome(worker.claim_one("work").job_id, JobState.COMPLETED, 0.1, "42"))
        (report,) = others(connection)
        assert (report.name, report.queue, report.state) == ("audit", "audit", JobState.CREATED)
        assert report.args == {
            "job_id": submitted.job_id,
            "name": "work",
            "state": "completed",
            "attempt": 1,
            "args": 21,
            "output": 42,
        }

    @pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED])
    def test_a_lost_one_is_reported_and_its_argument_goes_to_the_dead_letters(
        self, followed: Followed, worker: Worker, connection: Connection, state: JobState
    ) -> None:
        submitted = followed.work.submit(21)
        worker.settle(Outcome(worker.claim_one("work").job_id, state, 0.1, FAILURE))
        report, letter = others(connection)
        assert (letter.name, letter.queue, letter.args) == ("bury", "slow", 21)
        assert report.args == {
            "job_id": submitted.job_id,
            "name": "work",
            "state": state.value,
            "attempt": 1,
            "args": 21,
            "output": {"name": "ValueError", "message": "bad"},
        }

    def test_a_follower_takes_what_is_sent(
        self, followed: Followed, worker: Worker, connection: Connection
    ) -> None:
        followed.work.submit(21)
        worker.finish(worker.claim_one("work").job_id)
        assert worker.claim_one("audit").args is not None
        assert waiting(connection) == 1

    @pytest.mark.parametrize("ending", ["cancelled", "tried again"])
    def test_nothing_follows_what_has_not_ended_by_itself(
        self, followed: Followed, worker: Worker, connection: Connection, ending: str
    ) -> None:
        submitted = followed.work.submit(21)
        job_id = worker.claim_one("work").job_id
        if ending == "cancelled":
            submitted.cancel()
        else:
            worker.retry(job_id)
        assert set(names(connection)) <= {"work"}


class TestOnce:
    def test_a_late_writer_submits_nothing(
        self, followed: Followed, worker: Worker, connection: Connection
    ) -> None:
        followed.work.submit(1)
        job_id = worker.claim_one("work").job_id
        other = Worker(connection)
        assert other.finish(job_id, state=JobState.FAILED) == []
        assert names(connection) == ["work"]
        worker.finish(job_id, state=JobState.FAILED)
        assert worker.finish(job_id, state=JobState.FAILED) == []
        assert names(connection) == ["audit", "bury"]

    def test_one_for_each_of_many(
        self, followed: Followed, worker: Worker, connection: Connection
    ) -> None:
        followed.work.submit_many(range(50))
        claims = worker.claim("work")
        states = [JobState.COMPLETED, JobState.FAILED]
        ended = (Outcome(claim.job_id, states[at % 2], 0.1) for at, claim in enumerate(claims))
        worker.settle(*ended)
        assert names(connection) == ["audit"] * 50 + ["bury"] * 25

    def test_a_job_whose_workers_died_is_lost_once(
        self, followed: Followed, connection: Connection
    ) -> None:
        followed.work.submit(21)
        rescue = rescuer()
        for death in range(1, MAX_DEATHS + 1):
            worker = Worker(connection)
            claim = worker.claim_one("work")
            obituary = Obituary(
                0, worker.incarnation, claim.job_id, 0.1, Verdict.DIED, f"death {death}"
            )
            assert names(connection) == ["work"]
            rescue.settle(connection, obituary)
        report, letter = others(connection)
        assert sent(report)["state"] == "failed"
        assert sent(report)["output"] == {"name": "WorkerDied", "message": "death 3"}
        assert (letter.name, letter.args) == ("bury", 21)

    def test_a_job_that_outlasted_its_time_is_lost_once(
        self, followed: Followed, worker: Worker, connection: Connection
    ) -> None:
        followed.work.submit(21)
        claim = worker.claim_one("work")
        rescue = rescuer()
        obituary = Obituary(
            0, worker.incarnation, claim.job_id, 9.0, Verdict.EXPIRED, "it outlasted its time limit"
        )
        for _ in range(2):
            rescue.settle(connection, obituary)
        report, letter = others(connection)
        assert sent(report)["state"] == "expired"
        assert (letter.name, letter.args) == ("bury", 21)

    def test_a_job_that_was_never_performed_is_lost_once(
        self, followed: Followed, connection: Connection
    ) -> None:
        followed.work.submit(21, keep_for=60)
        connection.execute(PAST_KEEPING)
        assert [run(connection, upkeep.give_up(10)) for _ in range(2)] == [1, 0]
        report, letter = others(connection)
        assert (sent(report)["state"], sent(report)["attempt"]) == ("expired", 0)
        told = {"name": "Expired", "message": "it was not performed within keep_for"}
        assert sent(report)["output"] == told
        assert (letter.name, letter.args) == ("bury", 21)


class TestOptions:
    def test_a_follower_has_those_that_it_is_declared_with(
        self, followed: Followed, worker: Worker, connection: Connection
    ) -> None:
        followed.work.submit(1)
        worker.finish(worker.claim_one("work").job_id, state=JobState.FAILED)
        report, letter = others(connection)
        assert (report.priority, report.options.retry_limit) == (3, 2)
        assert (letter.priority, letter.options.keep_for) == (0, 60.0)
        assert worker.claim_one("audit").options.retry_limit == 2
        connection.execute(PAST_KEEPING + " WHERE keep_until IS NOT NULL")
        assert run(connection, upkeep.give_up(10)) == 1

    @pytest.mark.parametrize("given_up", [False, True])
    def test_a_follower_is_under_its_limits_whichever_way_the_job_ended(
        self, shop: Shop, worker: Worker, connection: Connection, *, given_up: bool
    ) -> None:
        audit = shop.jobs.job(name="audit", concurrency=1)(_take)
        bury = shop.jobs.job(name="bury", rate="1/1h", limit_key="dead")(_take)
        work = shop.jobs.job(name="work", on_complete=audit, dead_letter=bury)(_number)
        work.submit(1, keep_for=60)
        if given_up:
            connection.execute(PAST_KEEPING)
            assert run(connection, upkeep.give_up(10)) == 1
        else:
            worker.finish(worker.claim_one("work").job_id, state=JobState.FAILED)
        keys = connection.execute("SELECT name, limit_key FROM jobs.job ORDER BY 1").fetchall()
        assert keys == [("audit", ""), ("bury", "dead")]

    def test_a_name_is_as_good_as_the_job(
        self, followed: Followed, worker: Worker, connection: Connection
    ) -> None:
        followed.work.submit(1, on_complete=None, dead_letter="bury")
        worker.finish(worker.claim_one("work").job_id, state=JobState.FAILED)
        (letter,) = others(connection)
        assert (letter.name, letter.queue, letter.options.keep_for) == ("bury", "slow", 60.0)

    def test_a_name_that_nobody_here_declares_is_a_queue_too(
        self, followed: Followed, worker: Worker, connection: Connection
    ) -> None:
        followed.work.submit(1, on_complete="elsewhere")
        worker.finish(worker.claim_one("work").job_id)
        (letter,) = others(connection)
        assert (letter.name, letter.queue) == ("elsewhere", "elsewhere")

    def test_a_chain_goes_on_until_a_job_would_come_again(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        first = shop.jobs.job(name="first", on_complete="second")(_take)
        shop.jobs.job(name="second", on_complete="third")(_take)
        shop.jobs.job(name="third", on_complete="first")(_take)
        first.submit(None)
        for name in ("first", "second", "third"):
            assert names(connection) == [name]
            worker.finish(worker.claim_one(name).job_id)
        assert names(connection) == []

    def test_the_default_dead_letter_has_none(
        self, dsn: str, worker: Worker, connection: Connection
    ) -> None:
        jobs = Jobs(dsn, dead_letter="dead")
        jobs.job(name="dead")(_take)
        jobs.job(name="work")(_number).submit(1)
        jobs.close()
        for name in ("work", "dead"):
            worker.finish(worker.claim_one(name).job_id, state=JobState.FAILED)
        assert names(connection) == []

    def test_a_follower_is_submitted_whatever_makes_its_own_submits_late_or_unique(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.jobs.job(name="late", start_after=3600, singleton_key="one")(_take)
        shop.double.submit_many([1, 2], on_complete="late")
        worker.finish(*(claim.job_id for claim in worker.claim()))
        assert len(worker.claim("late")) == 2

    def test_a_scheduled_job_has_followers_too(
        self, followed: Followed, worker: Worker, connection: Connection
    ) -> None:
        schedule = Schedule("* * * * *", args=7)
        register(connection, "here", "work")
        run(connection, PostgresExecutor.timetable.declare(followed.work, schedule, "here"))
        (kept,) = run(connection, upkeep.schedules())
        run(connection, upkeep.fire("work", schedule.next_tick(kept.last_tick)))
        worker.finish(worker.claim_one("work").job_id, state=JobState.FAILED)
        report, letter = others(connection)
        assert (report.name, report.options.retry_limit) == ("audit", 2)
        assert (letter.name, letter.queue, letter.args) == ("bury", "slow", 7)


def test_whoever_waits_for_work_is_told_of_a_follower(
    followed: Followed, worker: Worker, connection: Connection
) -> None:
    followed.work.submit(1)
    claim = worker.claim_one("work")
    connection.execute("LISTEN jobs")
    worker.finish(claim.job_id, state=JobState.FAILED)
    told = {notification.payload for notification in connection.notifies(timeout=1, stop_after=2)}
    assert told == {"wake 1 audit", "wake 1 slow"}


def test_a_follower_may_be_declared_after_the_first_submit(shop: Shop) -> None:
    work = shop.jobs.job(name="work", on_complete="late")(_number)
    first = work.submit(1)
    shop.jobs.job(name="late", queue="slow", priority=3)(_take)
    reports = [submitted.details().options.on_complete for submitted in (first, work.submit(2))]
    assert reports == [Follower("late", "late"), Follower("slow", "late", 3)]
