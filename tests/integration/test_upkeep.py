from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from jobs_runtime import JobState
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.executors.together import run_together
from jobs_supervisor.scheduler.due import LOOK, DueJobs
from jobs_supervisor.scheduler.heartbeat import LATE
from tests.integration.shop import Shop, Worker, details, executor, ids, number, register

STALE = 20.0
SUPERVISORS = "SELECT count(*) FROM jobs.supervisor"
MAKE_PAST = "UPDATE jobs.job SET start_after = now() - interval '1 second' WHERE NOT ready"


def age(connection: Connection, statement: LiteralString, *parameters: object) -> None:
    connection.execute(statement, parameters)


def silence(connection: Connection, supervisor_id: str, seconds: float) -> None:
    age(
        connection,
        "UPDATE jobs.supervisor SET beat_at = now() - %s * interval '1 second' WHERE id = %s",
        seconds,
        supervisor_id,
    )


def give_up(connection: Connection, judge: str) -> list[str]:
    return run(connection, upkeep.dead_supervisors(STALE, judge, LATE))


class TestHeartbeat:
    def test_it_says_whether_the_supervisor_is_still_counted_on(
        self, connection: Connection
    ) -> None:
        register(connection, "a")
        assert run(connection, upkeep.heartbeat("a", idle=True, workers=8)) is not None
        run(connection, upkeep.unregister_supervisor("a"))
        assert run(connection, upkeep.heartbeat("a", idle=True, workers=8)) is None

    def test_it_renews_the_life_on_the_databases_clock(self, connection: Connection) -> None:
        register(connection, "a")
        silence(connection, "a", 100)
        gap = run(connection, upkeep.heartbeat("a", idle=False, workers=8))
        assert gap is not None
        assert 100 < gap < 110
        recent = "SELECT count(*) FROM jobs.supervisor WHERE beat_at > now() - interval '5 s'"
        assert number(connection, recent) == 1

    def test_it_says_whether_anybody_is_idle(self, connection: Connection) -> None:
        idle = "SELECT count(*) FROM jobs.supervisor WHERE idle"
        register(connection, "a")
        assert number(connection, idle) == 1
        run(connection, upkeep.heartbeat("a", idle=False, workers=8))
        assert number(connection, idle) == 0
        assert run(connection, executor.going_idle("a"))
        assert number(connection, idle) == 1
        assert not run(connection, executor.going_idle("a"))

    def test_registering_again_is_one_supervisor_alive(self, connection: Connection) -> None:
        register(connection, "a", "old")
        silence(connection, "a", 100)
        register(connection, "a", "new")
        assert number(connection, SUPERVISORS) == 1
        assert give_up(connection, judge="a") == []
        assert connection.execute("SELECT schedules FROM jobs.supervisor").fetchall() == [
            (["new"],)
        ]


class TestTheDead:
    def test_only_those_silent_for_too_long_are_given_up(self, connection: Connection) -> None:
        for supervisor_id, seconds in (("dead", 21), ("late", 19), ("alive", 0)):
            register(connection, supervisor_id)
            silence(connection, supervisor_id, seconds)
        assert give_up(connection, judge="alive") == ["dead"]
        assert give_up(connection, judge="alive") == []
        assert number(connection, SUPERVISORS) == 2

    def test_who_has_not_been_heard_gives_up_nobody(self, connection: Connection) -> None:
        for supervisor_id, seconds in (("dead", 21), ("late", 11)):
            register(connection, supervisor_id)
            silence(connection, supervisor_id, seconds)
        for judge in ("dead", "late", "unheard of"):
            assert give_up(connection, judge=judge) == []

    def test_orphans_are_workers_of_no_living_supervisor(self, connection: Connection) -> None:
        register(connection, "alive")
        living = Worker(connection, "alive")
        orphan = Worker(connection, "dead")
        young = Worker(connection, "dead")
        age(
            connection,
            "UPDATE jobs.worker SET started_at = now() - interval '21 s' WHERE incarnation <> %s",
            young.incarnation,
        )
        assert living.incarnation not in run(connection, upkeep.orphans(STALE))
        assert run(connection, upkeep.orphans(STALE)) == [orphan.incarnation]

    def test_orphans_are_also_unregistered_holders_of_jobs(
        self, shop: Shop, connection: Connection
    ) -> None:
        register(connection, "alive")
        registered, gone = Worker(connection, "alive"), Worker(connection, "alive")
        shop.double.submit_many(range(4))
        registered.claim(limit=1)
        gone.claim(limit=2)
        run(connection, upkeep.forget_worker(gone.incarnation))
        assert run(connection, upkeep.orphans(STALE)) == []
        age(connection, "UPDATE jobs.claim SET claimed_at = now() - interval '21 s'")
        assert run(connection, upkeep.orphans(STALE)) == [gone.incarnation]
        (held,) = (run(connection, each) for each in executor.held(gone.incarnation))
        run_together(
            connection, executor.release([claim.job_id for claim in held], gone.incarnation)
        )
        run(connection, upkeep.forget_worker(gone.incarnation))
        assert run(connection, upkeep.orphans(STALE)) == []
        assert number(connection, "SELECT count(*) FROM jobs.claim") == 1

    def test_only_the_last_claim_is_kept(self, shop: Shop, connection: Connection) -> None:
        first, second = Worker(connection), Worker(connection)
        shop.double.submit_many(range(4))
        for worker in (first, second, first):
            worker.claim(limit=1)
        assert run(connection, upkeep.forget_claims()) == 1
        assert run(connection, upkeep.forget_claims()) == 0
        kept = number(connection, "SELECT count(DISTINCT incarnation) FROM jobs.claim")
        assert kept == 2

    def test_what_an_incarnation_holds(self, shop: Shop, connection: Connection) -> None:
        first, second = Worker(connection), Worker(connection)
        mine = ids(shop.double.submit_many(range(2)))
        first.claim()
        shop.urgent.submit(1)
        second.claim("urgent")
        (held,) = (run(connection, each) for each in executor.held(first.incarnation))
        assert [claim.job_id for claim in held] == mine
        assert [claim.attempt for claim in held] == [1, 1]
        ((urgent,),) = (run(connection, each) for each in executor.held(second.incarnation))
        assert (urgent.name, urgent.rank, urgent.options.retry_limit) == ("urgent", -5, 2)

    def test_a_worker_is_forgotten_once(self, connection: Connection) -> None:
        one, two = Worker(connection, "a"), Worker(connection, "a")
        Worker(connection, "b")
        expected = [one.incarnation, two.incarnation]
        assert sorted(run(connection, upkeep.workers_of("a"))) == expected
        assert run(connection, upkeep.forget_worker(one.incarnation))
        assert not run(connection, upkeep.forget_worker(one.incarnation))
        assert run(connection, upkeep.workers_of("a")) == [two.incarnation]


class TestDue:
    def test_nothing_waits_for_its_time(self, shop: Shop, connection: Connection) -> None:
        shop.double.submit(1)
        assert run(connection, upkeep.next_due()) is None
        assert run(connection, upkeep.make_due(10)) == 0

    def test_the_next_one_is_the_earliest(self, shop: Shop, connection: Connection) -> None:
        for delay in (300, 100, 200):
            shop.double.delay(delay).submit(1)
        left = run(connection, upkeep.next_due())
        assert left is not None
        assert 90 < left <= 100

    def test_an_active_one_that_was_delayed_is_not_due(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.delay(datetime(2020, 1, 1, tzinfo=UTC)).submit(1)
        worker.claim_one()
        assert run(connection, upkeep.next_due()) is None
        assert run(connection, upkeep.make_due(10)) == 0

    def test_the_earliest_are_made_due_first_up_to_the_limit(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        for arg, delay in enumerate((30, 10, 20, 3600)):
            shop.double.delay(delay).submit(arg)
        age(connection, "UPDATE jobs.job SET start_after = start_after - interval '1 minute'")
        assert run(connection, upkeep.make_due(2)) == 2
        assert {claim.args for claim in worker.claim()} == {"1", "2"}
        assert run(connection, upkeep.make_due(2)) == 1
        assert [claim.args for claim in worker.claim()] == ["0"]
        assert run(connection, upkeep.make_due(2)) == 0

    def test_two_schedulers_make_different_ones_due(
        self, shop: Shop, dsn: str, connection: Connection
    ) -> None:
        shop.double.delay(60).submit_many(range(10))
        age(connection, MAKE_PAST)
        with connect(dsn, "other") as other, other.transaction():
            assert run(other, upkeep.make_due(6)) == 6
            assert run(connection, upkeep.make_due(100)) == 4

    def test_one_that_somebody_has_locked_is_looked_at_again_later(
        self, shop: Shop, dsn: str, connection: Connection
    ) -> None:
        shop.double.delay(60).submit(1)
        age(connection, MAKE_PAST)
        with connect(dsn, "other") as other, other.transaction():
            other.execute("SELECT FROM jobs.job FOR UPDATE")
            now = time.monotonic()
            assert now + LOOK <= DueJobs().perform(connection, now) < now + 2 * LOOK + 5
        DueJobs().perform(connection, now)
        assert number(connection, "SELECT count(*) FROM jobs.job WHERE ready") == 1

    def test_workers_are_told_of_each_queue(
        self, shop: Shop, dsn: str, connection: Connection
    ) -> None:
        shop.double.delay(60).submit_many(range(3))
        shop.urgent.delay(60).submit(1)
        age(connection, MAKE_PAST)
        with connect(dsn, "listener") as listener:
            listener.execute("LISTEN jobs")
            run(connection, upkeep.make_due(10))
            told = [each.payload for each in listener.notifies(timeout=5, stop_after=2)]
        assert sorted(told) == ["wake 1 urgent", "wake 3 double"]


class TestWaking:
    def test_a_submit_tells_only_when_somebody_is_idle(
        self, shop: Shop, dsn: str, connection: Connection
    ) -> None:
        with connect(dsn, "listener") as listener:
            listener.execute("LISTEN jobs")
            shop.double.submit(1)
            shop.double.submit_many(range(3))
            register(connection, "a")
            shop.urgent.submit(2)
            shop.double.submit_many(range(5))
            told = [each.payload for each in listener.notifies(timeout=5, stop_after=2)]
        assert told == ["wake 1 urgent", "wake 5 double"]

    def test_a_job_that_is_due_within_two_seconds_is_told_of(self, shop: Shop, dsn: str) -> None:
        with connect(dsn, "listener") as listener:
            listener.execute("LISTEN jobs")
            shop.double.delay(3600).submit(1)
            submitted = shop.double.delay(1).submit(1)
            told = [each.payload for each in listener.notifies(timeout=5, stop_after=1)]
        assert told == ["due"]
        assert submitted.details().state is JobState.CREATED

    def test_many_with_a_delay_are_told_of(self, shop: Shop, dsn: str) -> None:
        with connect(dsn, "listener") as listener:
            listener.execute("LISTEN jobs")
            shop.double.delay(1).submit_many([1, 2])
            told = [each.payload for each in listener.notifies(timeout=5, stop_after=1)]
        assert told == ["due"]


def test_a_delay_passes(shop: Shop, worker: Worker, connection: Connection) -> None:
    submitted = shop.double.delay(0.2).submit(1)
    began = time.monotonic()
    while not run(connection, upkeep.make_due(10)):
        assert time.monotonic() - began < 5
        left = run(connection, upkeep.next_due())
        assert left is not None
        time.sleep(max(0.0, left))
    record = details(connection, worker.claim_one().job_id)
    assert record.job_id == submitted.job_id
    assert record.started_at is not None
    assert record.started_at - record.created_at >= timedelta(seconds=0.2)
