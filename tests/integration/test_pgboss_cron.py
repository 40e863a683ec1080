from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from jobs_runtime import Jobs, OptionError, Schedule, ScheduleError
from jobs_runtime.database import Connection, connect
from jobs_runtime.errors import DeclarationError
from jobs_runtime.executors.mixed import MixedExecutor
from jobs_runtime.executors.pgboss import PgBossLeases
from jobs_runtime.executors.pgboss.maintenance import Keeping
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_supervisor.counters import Layout, Row
from jobs_supervisor.scheduler.pgboss_cron import PgBossCron
from jobs_supervisor.scheduler.shared_tables import SharedTables, begin_with_pg_boss
from tests.integration.pgboss import column, insert, tables

SEND_IT = "__pgboss__send-it"
SENT = "SELECT count(*) FROM pgboss.job WHERE name = %s"


@pytest.fixture
def boss(connection: Connection) -> Iterator[Connection]:
    with tables(connection) as connection:
        yield connection


def declared(*schedules: Schedule, keeping: Keeping | None = None, **options: Any) -> SharedTables:
    """An application whose job `report` has these schedules."""
    jobs = Jobs()
    schedule = schedules or None

    @jobs.job(executor="PgBoss", schedule=schedule, **options)
    def report(_args: dict[str, int] | None) -> None:
        """Nothing."""

    return SharedTables(
        schema="pgboss",
        client=jobs.pg_boss.executor,
        owner="shop",
        jobs=[report],
        defaults={},
        keeping=keeping or Keeping(),
        maintained=True,
    )


def node_schedules(
    connection: Connection, name: str, cron: str, data: object = None, **options: object
) -> None:
    """Write a schedule as `boss.schedule` does."""
    connection.execute(
        "INSERT INTO pgboss.schedule (name, cron, timezone, data, options)"
        " VALUES (%s, %s, %s, %s::jsonb, %s::jsonb)",
        [name, cron, options.get("tz", "UTC"), json.dumps(data), json.dumps(options)],
    )


def cron(shared: SharedTables) -> PgBossCron:
    layout = Layout([job.name for job in shared.jobs])
    cells = memoryview(bytearray(8 * layout.width)).cast("d")
    return PgBossCron(Row(layout, cells), shared)


def fire(connection: Connection, shared: SharedTables, ago: timedelta | None = None) -> None:
    """One pass of the leader, after nobody has looked for a while."""
    leader = cron(shared)
    leader.perform(connection, 0.0)
    if ago is not None:
        connection.execute("UPDATE jobs.pgboss_schedule SET last_tick = now() - %s", [ago])
        leader.perform(connection, 0.0)


def refuse(connection: Connection, name: str, condition: str) -> None:
    """Have the server refuse every job of a name."""
    connection.execute(
        "CREATE FUNCTION pgboss.refuse() RETURNS trigger LANGUAGE plpgsql"
        f" AS $$ BEGIN RAISE {condition} USING MESSAGE = 'no ' || NEW.name; END $$;"
        " CREATE TRIGGER refuse BEFORE INSERT ON pgboss.job FOR EACH ROW"
        f" WHEN (NEW.name = '{name}') EXECUTE FUNCTION pgboss.refuse()".encode(),
        prepare=False,
    )


def minute_of(connection: Connection) -> datetime:
    [now] = column(connection, "SELECT now()")
    return now.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0)


MINUTE = timedelta(seconds=61)


class TestFiring:
    def test_a_tick_is_sent_as_node_would(self, boss: Connection) -> None:
        node_schedules(boss, "digest", "* * * * *", {"n": 1}, retryLimit=2, expireInHours=1)
        fire(boss, declared(), MINUTE)
        sent = boss.execute(
            "SELECT data, retrylimit, expirein, state::text FROM pgboss.job WHERE name = 'digest'"
        ).fetchall()
        assert sent == [({"n": 1}, 2, timedelta(hours=1), "created")]
        [slot] = boss.execute(
            "SELECT singletonkey, singletonon, state::text, data ->> 'cron' FROM pgboss.job"
            " WHERE name = %s",
            [SEND_IT],
        )
        assert (slot[0], slot[2:]) == ("digest", ("completed", "* * * * *"))
        assert minute_of(boss) - slot[1] <= timedelta(minutes=1)

    def test_a_new_one_begins_now(self, boss: Connection) -> None:
        node_schedules(boss, "digest", "0 0 1 1 *")
        fire(boss, declared())
        assert column(boss, SENT, "digest") == [0]

    def test_many_leaders_send_once(self, boss: Connection, dsn: str) -> None:
        node_schedules(boss, "digest", "* * * * *")
        shared = declared()
        fire(boss, shared)
        boss.execute("UPDATE jobs.pgboss_schedule SET last_tick = now() - interval '61 s'")

        def lead(_: int) -> None:
            with connect(dsn, "tests") as connection:
                cron(shared).perform(connection, 0.0)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lead, range(8)))
        minutes = column(boss, SENT, SEND_IT)[0]
        assert minutes in (1, 2), "the minute may have ended meanwhile"
        assert column(boss, SENT, "digest") == [minutes]

    @pytest.mark.parametrize("state", ["created", "active", "completed"])
    def test_what_node_has_fired_is_not_fired_again(self, boss: Connection, state: str) -> None:
        node_schedules(boss, "digest", "* * * * *")
        for slot in (minute_of(boss) + n * timedelta(minutes=1) for n in (-1, 0, 1)):
            insert(boss, name=SEND_IT, singletonkey="digest", singletonon=slot, state=state)
        fire(boss, declared(), MINUTE)
        assert column(boss, SENT, "digest") == [0]

    def test_nor_what_it_has_archived_since(self, boss: Connection) -> None:
        node_schedules(boss, "digest", "* * * * *")
        for slot in (minute_of(boss) + n * timedelta(minutes=1) for n in (-1, 0, 1)):
            insert(boss, name=SEND_IT, singletonkey="digest", singletonon=slot, state="completed")
        boss.execute("INSERT INTO pgboss.archive SELECT * FROM pgboss.job")
        boss.execute("DELETE FROM pgboss.job")
        fire(boss, declared(), MINUTE)
        assert column(boss, SENT, "digest") == [0]

    def test_nor_what_a_node_with_a_fast_clock_has_fired_early(self, boss: Connection) -> None:
        now = minute_of(boss)
        node_schedules(boss, "digest", f"{now.minute} {now.hour} * * *")
        early = now - timedelta(minutes=3)
        insert(boss, name=SEND_IT, singletonkey="digest", singletonon=early, state="completed")
        fire(boss, declared(), timedelta(hours=1))
        assert column(boss, SENT, "digest") == [0]

    def test_one_that_cannot_be_read_holds_up_no_other(
        self, boss: Connection, caplog: pytest.LogCaptureFixture
    ) -> None:
        node_schedules(boss, "broken", "@reboot")
        node_schedules(boss, "wrong", "* * * * *", retryLimit="many")
        node_schedules(boss, "digest", "* * * * *")
        shared = declared()
        fire(boss, shared, MINUTE)
        assert column(boss, SENT, "digest") == [1]
        assert "the schedule of broken is passed over" in caplog.text
        assert "the schedule of wrong is passed over: retry_limit takes a whole" in caplog.text

    def test_one_that_fails_holds_up_no_other(
        self, boss: Connection, caplog: pytest.LogCaptureFixture
    ) -> None:
        node_schedules(boss, "broken", "* * * * *")
        node_schedules(boss, "digest", "* * * * *")
        refuse(boss, "broken", "raise_exception")
        fire(boss, declared(), MINUTE)
        assert column(boss, SENT, "digest") == [1]
        assert "the schedule of broken failed: no broken" in caplog.text

    def test_a_server_that_was_demoted_meanwhile_is_left(self, boss: Connection) -> None:
        node_schedules(boss, "digest", "* * * * *")
        refuse(boss, "digest", "read_only_sql_transaction")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            fire(boss, declared(), MINUTE)

    def test_a_newer_pg_boss_is_left_alone(self, boss: Connection) -> None:
        node_schedules(boss, "digest", "* * * * *")
        boss.execute("UPDATE pgboss.version SET version = 30")
        cron(declared()).perform(boss, 0.0)
        assert column(boss, "SELECT count(*) FROM jobs.pgboss_schedule") == [0]


class TestMissed:
    LONG = timedelta(hours=5)

    def hours(self, connection: Connection) -> str:
        """Every hour, but not in this minute or the next."""
        return f"{(minute_of(connection) + timedelta(minutes=30)).minute} * * * *"

    def test_nodes_of_a_job_performed_here_is_made_up_for_once(self, boss: Connection) -> None:
        node_schedules(boss, "report", self.hours(boss))
        fire(boss, declared(), self.LONG)
        fire(boss, declared())
        assert column(boss, SENT, "report") == [1]

    def test_nodes_of_other_jobs_is_dropped_as_node_would(self, boss: Connection) -> None:
        node_schedules(boss, "digest", self.hours(boss))
        fire(boss, declared(), self.LONG)
        assert column(boss, SENT, "digest") == [0]

    def test_what_node_may_have_fired_and_forgotten_is_not(self, boss: Connection) -> None:
        ago = minute_of(boss) - timedelta(hours=3)
        node_schedules(boss, "report", f"{ago.minute} {ago.hour} * * *")
        fire(boss, declared(keeping=Keeping(3600, 3600, 3600)), self.LONG)
        assert column(boss, SENT, "report") == [0]
        fire(boss, declared(keeping=Keeping(3600, 3600, 3 * 3600)), self.LONG)
        assert column(boss, SENT, "report") == [1]

    def test_ours_as_declared(self, boss: Connection) -> None:
        shared = declared(Schedule(self.hours(boss), missed="all", missed_limit=3))
        shared.announce(boss)
        fire(boss, shared, self.LONG)
        assert column(boss, SENT, "report") == [3]

    def test_a_changed_one_begins_anew(self, boss: Connection) -> None:
        node_schedules(boss, "report", "0 0 1 1 *")
        fire(boss, declared(), self.LONG)
        boss.execute("UPDATE pgboss.schedule SET cron = %s", [self.hours(boss)])
        fire(boss, declared())
        assert column(boss, SENT, "report") == [0]


class TestDeclaring:
    def test_it_is_written_as_node_writes_it(self, boss: Connection) -> None:
        schedule = Schedule(
            "0 9 * * MON", time_zone="Europe/Amsterdam", args={"n": 1}, options={"priority": 2}
        )
        declared(schedule, retry_limit=3).announce(boss)
        rows = boss.execute("SELECT name, cron, timezone, data, options FROM pgboss.schedule")
        told = {"priority": 2, "retryLimit": 3, "expireInSeconds": 900}
        options = {**told, "tz": "Europe/Amsterdam"}
        assert rows.fetchall() == [("report", "0 9 * * MON", "Europe/Amsterdam", {"n": 1}, options)]

    def test_one_declared_no_more_is_removed(self, boss: Connection) -> None:
        node_schedules(boss, "digest", "* * * * *")
        declared(Schedule("0 9 * * *")).announce(boss)
        fire(boss, declared())
        declared().announce(boss)
        assert column(boss, "SELECT name FROM pgboss.schedule") == ["digest"]

    def test_nor_does_one_stay_without_any_job_of_a_pg_boss(self, boss: Connection) -> None:
        node_schedules(boss, "digest", "* * * * *")
        declared(Schedule("0 9 * * *")).announce(boss)
        begin_with_pg_boss(boss, PostgresExecutor(), None, "other")
        assert len(column(boss, "SELECT name FROM pgboss.schedule")) == 2
        begin_with_pg_boss(boss, PostgresExecutor(), None, "shop")
        assert column(boss, "SELECT name FROM pgboss.schedule") == ["digest"]

    def test_tables_that_are_missing_stop_no_scheduler(
        self, boss: Connection, caplog: pytest.LogCaptureFixture
    ) -> None:
        executor = MixedExecutor([PgBossLeases("nowhere")])
        begin_with_pg_boss(boss, executor, declared(), "shop")
        assert "the tables of pg-boss cannot be used for now: " in caplog.text

    def test_unless_node_has_made_it_its_own(self, boss: Connection) -> None:
        declared(Schedule("0 9 * * *")).announce(boss)
        boss.execute("UPDATE pgboss.schedule SET cron = '0 8 * * *'")
        fire(boss, declared())
        declared().announce(boss)
        assert column(boss, "SELECT cron FROM pgboss.schedule") == ["0 8 * * *"]

    def test_what_the_tables_cannot_keep_is_refused(self) -> None:
        with pytest.raises(DeclarationError, match="several schedules, or one with a name"):
            declared(Schedule("0 9 * * *", name="a"), Schedule("0 8 * * *", name="b"))
        with pytest.raises(DeclarationError, match="overlap='skip'"):
            declared(Schedule("0 9 * * *", overlap="skip"))
        with pytest.raises(OptionError):
            declared(Schedule("0 9 * * *", options={"retry_limit": -1}))
        [job] = declared().jobs
        with pytest.raises(ScheduleError, match="its schedule is declared with it"):
            job.jobs.schedule(job, Schedule("0 9 * * *", name="late"))
