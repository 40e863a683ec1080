from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs_runtime import JobState, PayloadError, Schedule
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.executors.postgres.timetable import schedule_key
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_runtime.options import Options
from jobs_supervisor.counters import Layout, Row
from jobs_supervisor.scheduler.cron import Cron
from tests.integration.shop import Shop, Worker, details, number, register, waiting

TICK = datetime(2026, 1, 31, 9, tzinfo=UTC)
TICKS = "SELECT count(*) FROM jobs.tick"


def declare(connection: Connection, shop: Shop, schedule: Schedule) -> str:
    run(connection, PostgresExecutor.timetable.declare(shop.urgent, schedule, "here"))
    return schedule_key(shop.urgent, schedule)


def last_tick(connection: Connection) -> datetime:
    row = connection.execute("SELECT last_tick FROM jobs.schedule").fetchone()
    assert row is not None
    return row[0]


class TestDeclaring:
    def test_a_schedule_is_kept_as_declared(self, shop: Shop, connection: Connection) -> None:
        schedule = Schedule("0 9 * * *", args=21, name="daily", overlap="allow", missed="all")
        assert declare(connection, shop, schedule) == "urgent/daily"
        register(connection, "a", "urgent/daily")
        (kept,) = run(connection, upkeep.schedules())
        assert (kept.key, kept.name, kept.cron) == ("urgent/daily", "urgent", "0 9 * * *")
        assert (kept.overlap, kept.missed) == ("allow", "all")
        assert timedelta(0) <= kept.now - kept.last_tick < timedelta(seconds=10)

    def test_a_changed_one_keeps_its_last_tick(self, shop: Shop, connection: Connection) -> None:
        key = declare(connection, shop, Schedule("0 9 * * *", args=1))
        run(connection, upkeep.skip_ticks(key, datetime(2190, 1, 1, tzinfo=UTC)))
        declare(connection, shop, Schedule("0 10 * * *", args=2))
        assert last_tick(connection) == datetime(2190, 1, 1, tzinfo=UTC)
        row = connection.execute("SELECT cron, args::text FROM jobs.schedule").fetchone()
        assert row == ("0 10 * * *", "2")

    def test_only_those_of_the_living_are_followed(
        self, shop: Shop, connection: Connection
    ) -> None:
        key = declare(connection, shop, Schedule("0 9 * * *", args=1))
        assert run(connection, upkeep.schedules()) == []
        register(connection, "a", key, "another")
        assert [each.key for each in run(connection, upkeep.schedules())] == [key]
        run(connection, upkeep.unregister_supervisor("a"))
        assert run(connection, upkeep.schedules()) == []

    def test_of_two_that_declare_it_the_newer_code_decides(
        self, shop: Shop, connection: Connection
    ) -> None:
        def says(supervisor_id: str, cron: str) -> str:
            declaring = PostgresExecutor.timetable.declare(
                shop.urgent, Schedule(cron, args=1), supervisor_id
            )
            run(connection, declaring)
            row = connection.execute("SELECT cron FROM jobs.schedule").fetchone()
            assert row is not None
            return row[0]

        old, new = "0 9 * * *", "0 10 * * *"
        register(connection, "old", "urgent")
        assert says("old", old) == old
        register(connection, "new", "urgent")
        assert says("new", new) == new
        register(connection, "old", "urgent")  # it has lost its connection and is back
        assert says("old", old) == new
        register(connection, "old", "urgent", generation=1)  # reloaded
        assert says("old", old) == old
        assert says("new", new) == old
        run(connection, upkeep.unregister_supervisor("old"))
        assert says("new", new) == new

    def test_what_is_as_declared_is_not_written_again(
        self, shop: Shop, connection: Connection
    ) -> None:
        schedule = Schedule("0 9 * * *", args=21, options={"expire_in": 60})
        declaring = PostgresExecutor.timetable.declare(shop.urgent, schedule, "here")
        assert run(connection, declaring)
        assert not run(connection, declaring)

    def test_who_was_buried_alive_has_no_newer_code(
        self, shop: Shop, connection: Connection
    ) -> None:
        record = SupervisorRecord("old", "host", "place", 1, 1, [], ["urgent"])
        since = run(connection, upkeep.register_supervisor(record))
        register(connection, "new", "urgent")
        run(connection, upkeep.unregister_supervisor("old"))
        assert run(connection, upkeep.register_supervisor(record, since)) == since
        assert run(connection, upkeep.register_supervisor(record)) == since

    def test_args_that_do_not_fit_are_refused(self, shop: Shop) -> None:
        with pytest.raises(PayloadError, match="the argument of urgent does not fit int"):
            PostgresExecutor.timetable.declare(shop.urgent, Schedule("0 9 * * *", args="x"), "here")


class TestFiring:
    def test_a_tick_submits_one_job(self, shop: Shop, connection: Connection) -> None:
        schedule = Schedule("0 9 * * *", args=21, options={"expire_in": 60})
        key = declare(connection, shop, schedule)
        job_id = run(connection, upkeep.fire(key, TICK))
        assert job_id is not None
        record = details(connection, int(job_id))
        assert (record.name, record.queue, record.args) == ("urgent", "urgent", 21)
        assert record.options == Options(priority=5, retry_limit=2, expire_in=60.0)
        assert (record.state, record.priority) == (JobState.CREATED, 5)

    def test_the_same_tick_twice_is_one_job(self, shop: Shop, connection: Connection) -> None:
        key = declare(connection, shop, Schedule("0 9 * * *", args=1, overlap="allow"))
        assert run(connection, upkeep.fire(key, TICK)) is not None
        assert run(connection, upkeep.fire(key, TICK)) is None
        assert waiting(connection) == number(connection, TICKS) == 1

    def test_two_leaders_make_one_job(self, shop: Shop, connection: Connection, dsn: str) -> None:
        key = declare(connection, shop, Schedule("0 9 * * *", args=1, overlap="allow"))
        with connect(dsn, "one") as one, connect(dsn, "two") as two:
            one.execute("BEGIN")
            assert run(one, upkeep.fire(key, TICK)) is not None
            two.execute("SET lock_timeout = '5s'")
            with two.pipeline():
                cursor = two.cursor()
                operation = upkeep.fire(key, TICK)
                cursor.execute(operation.sql, operation.parameters)
                one.execute("COMMIT")
            assert cursor.fetchall() == []
        assert waiting(connection) == number(connection, TICKS) == 1

    def test_an_unknown_schedule_fires_nothing(self, connection: Connection) -> None:
        assert run(connection, upkeep.fire("nobody", TICK)) is None
        assert number(connection, TICKS) == 0

    def test_the_last_tick_only_goes_forward(self, shop: Shop, connection: Connection) -> None:
        key = declare(connection, shop, Schedule("0 9 * * *", args=1, overlap="allow"))
        later = datetime(2190, 1, 2, tzinfo=UTC)
        run(connection, upkeep.fire(key, later))
        assert last_tick(connection) == later
        run(connection, upkeep.fire(key, later - timedelta(days=1)))
        run(connection, upkeep.skip_ticks(key, later - timedelta(days=1)))
        assert last_tick(connection) == later
        assert waiting(connection) == 2


def test_one_that_cannot_be_fired_holds_up_no_other(shop: Shop, connection: Connection) -> None:
    broken = declare(connection, shop, Schedule("0 9 * * *", args=1, name="a"))
    sound = declare(connection, shop, Schedule("0 9 * * *", args=2, name="b"))
    register(connection, "a", broken, sound)
    connection.execute("UPDATE jobs.schedule SET last_tick = now() - interval '1 day'")
    connection.execute(
        'UPDATE jobs.schedule SET options = \'{"keep_for": "long"}\' WHERE key = %s', [broken]
    )
    layout = Layout([])
    cells = memoryview(bytearray(8 * layout.width)).cast("d")
    Cron(Row(layout, cells), []).perform(connection, 0.0)
    rows = connection.execute("SELECT args::text FROM jobs.job").fetchall()
    assert rows == [("2",)]


class TestOverlap:
    def test_a_tick_is_passed_over_while_an_earlier_job_waits_or_runs(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        key = declare(connection, shop, Schedule("0 9 * * *", args=1, overlap="skip"))
        days = [TICK + timedelta(days=day) for day in range(4)]
        assert run(connection, upkeep.fire(key, days[0])) is not None
        assert run(connection, upkeep.fire(key, days[1])) is None
        claim = worker.claim_one("urgent")
        assert run(connection, upkeep.fire(key, days[2])) is None
        worker.finish(claim.job_id)
        assert run(connection, upkeep.fire(key, days[3])) is not None
        assert waiting(connection) == 1
        assert number(connection, TICKS) == 4

    def test_jobs_submitted_by_hand_are_no_overlap(
        self, shop: Shop, connection: Connection
    ) -> None:
        key = declare(connection, shop, Schedule("0 9 * * *", args=1, overlap="skip"))
        shop.urgent.submit(1)
        assert run(connection, upkeep.fire(key, TICK)) is not None

    def test_only_ticks_since_the_last_that_submitted_are_looked_at(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        key = declare(connection, shop, Schedule("0 9 * * *", args=1, overlap="skip"))
        days = [TICK + timedelta(days=day) for day in range(3)]
        assert run(connection, upkeep.fire(key, days[0])) is not None
        worker.finish(worker.claim_one("urgent").job_id)
        assert run(connection, upkeep.fire(key, days[1])) is not None
        worker.finish(worker.claim_one("urgent").job_id)
        waits = shop.urgent.submit(1)
        point_at = "UPDATE jobs.tick SET job_id = %s WHERE tick = %s"
        connection.execute(point_at, [waits.job_id, days[0]])
        assert run(connection, upkeep.fire(key, days[2])) is not None

    def test_allowed_they_pile_up(self, shop: Shop, connection: Connection) -> None:
        key = declare(connection, shop, Schedule("0 9 * * *", args=1, overlap="allow"))
        for day in range(3):
            assert run(connection, upkeep.fire(key, TICK + timedelta(days=day))) is not None
        assert waiting(connection) == 3

    def test_a_singleton_key_that_is_held_passes_the_tick_over(
        self, shop: Shop, connection: Connection
    ) -> None:
        options = {"singleton_key": "a"}
        schedule = Schedule("0 9 * * *", args=1, overlap="allow", options=options)
        key = declare(connection, shop, schedule)
        held = shop.urgent.submit(1, singleton_key="a")
        assert run(connection, upkeep.fire(key, TICK)) is None
        held.cancel()
        assert run(connection, upkeep.fire(key, TICK + timedelta(days=1))) is not None
        assert not shop.urgent.submit(1, singleton_key="a")


def test_old_ticks_are_forgotten(shop: Shop, connection: Connection) -> None:
    key = declare(connection, shop, Schedule("0 9 * * *", args=1, overlap="allow"))
    now = datetime.now(UTC)
    for days in (0, 6, 8, 400):
        run(connection, upkeep.fire(key, now - timedelta(days=days)))
    assert run(connection, upkeep.forget_ticks(7, 1)) == 1
    assert run(connection, upkeep.forget_ticks(7, 10)) == 1
    kept = connection.execute("SELECT tick FROM jobs.tick ORDER BY tick").fetchall()
    assert [row[0] for row in kept] == [now - timedelta(days=6), now]
