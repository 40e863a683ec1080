from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.pgboss.maintenance import Keeping, Maintenance, Step, maintenance
from tests.integration.pgboss import column, insert, tables

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=30)
KEY = "__pgboss__singleton_queuek"
LOCK = (
    "SELECT pg_advisory_lock(('x' || md5(current_database() || '.pgboss.pgboss'))::bit(64)::bigint)"
)


@pytest.fixture
def boss(connection: Connection) -> Iterator[Connection]:
    with tables(connection) as connection:
        yield connection


def maintain(connection: Connection, keeping: Keeping | None = None) -> int:
    """One whole round; gives its steps."""
    maintenance, steps = Maintenance("pgboss", keeping or Keeping()), 1
    while (step := maintenance.step(connection)) is not Step.DONE:
        assert step is Step.MORE
        steps += 1
    return steps


def overdue(connection: Connection, name: str = "slow", **columns: object) -> str:
    """An active job past its time."""
    given = {"name": name, "state": "active", "startedon": LONG_AGO, **columns}
    return insert(connection, "job", **given)


def row(connection: Connection, job_id: str) -> dict[str, object]:
    cursor = connection.execute(
        "SELECT state::text, completedon, startafter, output FROM pgboss.job WHERE id = %s",
        [job_id],
    )
    found = cursor.fetchone()
    assert found is not None
    return dict(zip(("state", "completedon", "startafter", "output"), found, strict=True))


class TestExpiring:
    def test_while_attempts_are_left_it_goes_back_and_then_it_is_expired(
        self, boss: Connection
    ) -> None:
        again = overdue(boss, retrylimit=1, retrydelay=60)
        ended = overdue(boss, retrylimit=1, retrycount=1)
        going = insert(boss, name="slow", state="active", startedon=datetime.now(UTC))
        maintain(boss)
        assert row(boss, again)["state"] == "retry"
        assert row(boss, again)["completedon"] is None
        in_a_minute = column(
            boss, "SELECT startafter - now() FROM pgboss.job WHERE id = %s", again
        )[0]
        assert timedelta(seconds=50) < in_a_minute <= timedelta(seconds=60)
        assert row(boss, ended)["state"] == "expired"
        assert row(boss, ended)["completedon"] is not None
        assert row(boss, going)["state"] == "active"

    def test_it_is_reported_when_asked_and_ended(self, boss: Connection) -> None:
        ended = overdue(boss, on_complete=True)
        overdue(boss, on_complete=True, retrylimit=1)
        maintain(boss)
        data = column(boss, "SELECT data FROM pgboss.job WHERE name = '__state__completed__slow'")
        assert len(data) == 1
        assert data[0]["request"]["id"] == ended
        assert (data[0]["state"], data[0]["failed"]) == ("expired", True)

    def test_one_that_cannot_go_back_holds_up_no_other(self, boss: Connection) -> None:
        displaced = overdue(boss, retrylimit=3, singletonkey=KEY)
        insert(boss, name="slow", singletonkey=KEY)
        others = [overdue(boss, retrylimit=3) for _ in range(20)]
        old = insert(boss, name="old", state="completed", completedon=LONG_AGO)
        maintain(boss)
        assert row(boss, displaced)["state"] == "failed"
        assert "singleton queue waits" in str(row(boss, displaced)["output"])
        assert {row(boss, other)["state"] for other in others} == {"retry"}
        assert column(boss, "SELECT id::text FROM pgboss.archive") == [old]

    def test_what_our_workers_hold_is_theirs_to_end(self, boss: Connection) -> None:
        held, stale = overdue(boss), overdue(boss)
        for job_id, since in ((held, LONG_AGO), (stale, LONG_AGO - timedelta(days=1))):
            boss.execute(
                "INSERT INTO jobs.pgboss_lease (tables, job_id, startedon, claimed_by, retried)"
                " VALUES ('pgboss', %s, %s, 1, false)",
                [job_id, since],
            )
        maintain(boss)
        assert row(boss, held)["state"] == "active"
        assert row(boss, stale)["state"] == "expired"


class TestArchiving:
    def test_what_is_old_enough_or_waited_too_long(self, boss: Connection) -> None:
        hour_ago = NOW - timedelta(hours=1)
        done = insert(boss, name="a", state="completed", completedon=hour_ago, output=None)
        failed = insert(boss, name="a", state="failed", completedon=hour_ago)
        waited = insert(boss, name="a", keepuntil=hour_ago)
        insert(boss, name="a")
        maintain(boss, Keeping(finished=1800, failed=7200))
        states = dict(boss.execute("SELECT id::text, state::text FROM pgboss.archive").fetchall())
        assert states == {done: "completed", waited: "created"}
        maintain(boss, Keeping(finished=1800, failed=1800))
        assert failed in column(boss, "SELECT id::text FROM pgboss.archive")
        assert len(column(boss, "SELECT id FROM pgboss.job")) == 1

    def test_the_archive_is_purged(self, boss: Connection) -> None:
        for days in (8, 6):
            insert(
                boss,
                "archive",
                **{
                    "id": f"00000000-0000-0000-0000-00000000000{days}",
                    "name": "a",
                    "priority": 0,
                    "state": "completed",
                    "retrylimit": 0,
                    "retrycount": 0,
                    "retrydelay": 0,
                    "retrybackoff": False,
                    "startafter": NOW,
                    "expirein": timedelta(minutes=1),
                    "createdon": NOW,
                    "keepuntil": NOW,
                    "on_complete": False,
                    "archivedon": NOW - timedelta(days=days),
                },
            )
        maintain(boss)
        assert column(boss, "SELECT right(id::text, 1) FROM pgboss.archive") == ["6"]

    def test_a_large_table_takes_several_steps_and_each_job_once(self, boss: Connection) -> None:
        boss.execute(
            "INSERT INTO pgboss.job (name, state, completedon, data)"
            " SELECT 'a', 'completed', now() - interval '2 days', jsonb_build_object('n', n)"
            " FROM generate_series(1, 30000) AS n"
        )
        assert maintain(boss) > 2
        assert column(boss, "SELECT count(*) FROM pgboss.job") == [0]
        assert column(boss, "SELECT count(DISTINCT data ->> 'n') FROM pgboss.archive") == [30000]


def test_it_says_that_it_was_done(boss: Connection) -> None:
    maintain(boss)
    [age] = column(boss, "SELECT now() - maintained_on FROM pgboss.version")
    assert age < timedelta(seconds=10)


def test_it_waits_for_nobody_who_holds_the_lock(boss: Connection, dsn: str) -> None:
    maintenance = Maintenance("pgboss", Keeping())
    with connect(dsn, "a Node") as other:
        other.execute(LOCK)
        assert maintenance.step(boss) is Step.LOCKED
        other.execute("SELECT pg_advisory_unlock_all()")  # a session ends a while after it is left
    done = insert(boss, name="a", state="completed", completedon=LONG_AGO)
    maintain(boss)
    assert column(boss, "SELECT id::text FROM pgboss.archive") == [done]


def test_a_step_that_takes_too_long_is_made_smaller(
    boss: Connection, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = overdue(boss, retrylimit=0)
    monkeypatch.setattr(maintenance, "STATEMENT_TIMEOUT", "SET LOCAL statement_timeout = '50ms'")
    rounds = Maintenance("pgboss", Keeping())
    with connect(dsn, "tests") as other, other.transaction():
        other.execute("LOCK TABLE pgboss.archive")
        for _ in range(maintenance.PAGES.bit_length() - 1):
            assert rounds.step(boss) is Step.MORE
        with pytest.raises(psycopg.errors.QueryCanceled):
            rounds.step(boss)
    while rounds.step(boss) is not Step.DONE:
        pass
    assert row(boss, ended)["state"] == "expired"
