from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from rich.console import Console

from jobs_runtime import Jobs, Schedule
from jobs_runtime.database import Connection, connect
from jobs_runtime.errors import SchemaError
from jobs_supervisor.pgboss.importing import Import
from tests.integration.pgboss import column, insert, tables

WAITING = "SELECT count(*) FROM pgboss.job WHERE state < 'active'"


@pytest.fixture
def boss(connection: Connection) -> Iterator[Connection]:
    with tables(connection) as connection:
        yield connection


def shop(dsn: str, *schedules: Schedule) -> Jobs:
    jobs = Jobs(dsn)

    @jobs.job(schedule=schedules or None, queue="post")
    def send_letter(_args: dict[str, int] | None) -> None:
        """Moved."""

    @jobs.job(executor="PgBoss")
    def stay(_args: None) -> None:
        """Kept where it is."""

    return jobs


def moved(connection: Connection, jobs: Jobs, batch: int = 100) -> str:
    """Import; gives what was said."""
    said = io.StringIO()
    Import(connection, "pgboss", jobs, Console(file=said, width=200)).run(batch)
    return said.getvalue()


def test_a_job_keeps_what_is_left_to_it(boss: Connection, dsn: str) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    insert(boss, name="send_letter", data='{"n": 1}', priority=3, retrylimit=5, retrydelay=7)
    insert(boss, name="send_letter", state="retry", retrylimit=5, retrycount=1, retrybackoff=True)
    insert(boss, name="send_letter", startafter=later, keepuntil=later + timedelta(days=1))
    said = moved(boss, shop(dsn))
    assert "moved: 3 of send_letter" in said
    jobs = boss.execute(
        "SELECT queue, name, rank, args::text, ready, options::jsonb, start_after"
        " FROM jobs.job ORDER BY rank, id"
    ).fetchall()
    assert [row[:5] for row in jobs] == [
        ("post", "send_letter", -3, '{"n": 1}', True),
        ("post", "send_letter", 0, None, True),
        ("post", "send_letter", 0, None, False),
    ]
    assert (jobs[0][5]["retry_limit"], jobs[0][5]["retry_delay"]) == (5, 7)
    assert (jobs[1][5]["retry_limit"], jobs[1][5]["retry_backoff"]) == (3, True)
    assert jobs[2][5]["keep_for"] == pytest.approx(86400, abs=1)
    assert jobs[2][6] == later
    assert column(boss, WAITING) == [0]


def test_others_are_left_and_named(boss: Connection, dsn: str) -> None:
    insert(boss, name="stay")
    insert(boss, name="of_node")
    insert(boss, name="send_letter", state="active")
    insert(boss, name="send_letter", state="completed")
    insert(boss, name="__pgboss__maintenance")
    said = moved(boss, shop(dsn))
    assert "left: 1 of stay, no job of our own tables" in said
    assert "left: 1 of of_node, no job of our own tables" in said
    assert "left: 1 of send_letter, being performed" in said
    assert column(boss, "SELECT count(*) FROM pgboss.job") == [5]
    assert column(boss, "SELECT count(*) FROM jobs.job") == [0]


def test_singleton_keys_hold_here_too(boss: Connection, dsn: str) -> None:
    jobs = shop(dsn)
    letter = jobs.declared["send_letter"]
    letter.submit(None, singleton_key="a")
    insert(boss, name="send_letter", singletonkey="a")
    insert(boss, name="send_letter", singletonkey="b")
    insert(boss, name="send_letter", singletonkey="__pgboss__singleton_queuec")
    assert "moved: 3 of send_letter, 1 of them duplicates" in moved(boss, jobs)
    assert letter.submit(None, singleton_key="b").duplicate
    assert letter.submit(None, singleton_key="c", singleton_queue=True).duplicate
    assert column(boss, "SELECT count(*) FROM jobs.job") == [3]
    jobs.close()


def test_time_slots_exclude_nothing_here(boss: Connection, dsn: str) -> None:
    slot = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    for at in (slot, slot - timedelta(minutes=1)):
        insert(boss, name="send_letter", singletonkey="user-7", singletonon=at)
    assert "moved: 2 of send_letter\n" in moved(boss, shop(dsn))
    assert column(boss, "SELECT count(*) FROM jobs.job") == [2]


def test_a_job_that_cannot_be_kept_holds_up_no_other(boss: Connection, dsn: str) -> None:
    endless = insert(boss, name="send_letter", retrylimit=2**31 - 1)
    wordy = insert(boss, name="send_letter", singletonkey="k" * 300)
    insert(boss, name="send_letter")
    said = moved(boss, shop(dsn))
    assert "moved: 2 of send_letter\n" in said
    assert f"left: {wordy} of send_letter: " in said
    assert endless not in said
    assert column(boss, "SELECT id::text FROM pgboss.job") == [wordy]
    limits = "SELECT (options ->> 'retry_limit')::integer FROM jobs.job ORDER BY 1"
    assert column(boss, limits) == [30_000, None]


def test_interrupted_between_batches_and_run_by_two_each_is_moved_once(
    boss: Connection, dsn: str
) -> None:
    count = 3_000
    boss.execute(
        "INSERT INTO pgboss.job (name, data)"
        " SELECT 'send_letter', jsonb_build_object('n', n) FROM generate_series(1, %s) AS n",
        [count],
    )
    doomed = connect(dsn, "doomed")

    def interrupted() -> None:
        with pytest.raises(psycopg.OperationalError):
            moved(doomed, shop(dsn), 1)

    thread = threading.Thread(target=interrupted)
    thread.start()
    while column(boss, WAITING)[0] > count - 100:
        pass
    boss.execute("SELECT pg_terminate_backend(%s)", [doomed.info.backend_pid])
    thread.join(20)
    doomed.close()
    with connect(dsn, "other") as other:
        second = threading.Thread(target=moved, args=(other, shop(dsn), 100))
        second.start()
        moved(boss, shop(dsn), 100)
        second.join(20)
    moved(boss, shop(dsn), 100)  # what the other held at that moment, if it was given back
    assert column(boss, WAITING) == [0]
    found = column(boss, "SELECT (args ->> 'n')::integer FROM jobs.job ORDER BY 1")
    assert found == list(range(1, count + 1))


class TestSchedules:
    def test_one_goes_on_here(self, boss: Connection, dsn: str) -> None:
        boss.execute(
            "INSERT INTO pgboss.schedule VALUES ('send_letter', '30 9 * * 1', 'Europe/Amsterdam',"
            """ '{"n": 1}', '{"retryLimit": 2, "tz": "Europe/Amsterdam"}')"""
        )
        assert "moved: the schedule of send_letter" in moved(boss, shop(dsn))
        rows = boss.execute(
            "SELECT key, cron, time_zone, args::jsonb, options::jsonb, declared FROM jobs.schedule"
        ).fetchall()
        assert rows == [
            (
                "send_letter/pgboss",
                "30 9 * * 1",
                "Europe/Amsterdam",
                {"n": 1},
                {"retry_limit": 2},
                False,
            )
        ]
        assert column(boss, "SELECT count(*) FROM pgboss.schedule") == [0]

    def test_one_that_is_declared_here_is_not_doubled(self, boss: Connection, dsn: str) -> None:
        boss.execute("INSERT INTO pgboss.schedule VALUES ('send_letter', '30 9 * * 1', 'UTC')")
        said = moved(boss, shop(dsn, Schedule("30 9 * * 1")))
        assert "removed, as one is declared here" in said
        assert column(boss, "SELECT count(*) FROM jobs.schedule") == [0]

    def test_one_that_cannot_be_kept_stays(self, boss: Connection, dsn: str) -> None:
        boss.execute("INSERT INTO pgboss.schedule VALUES ('send_letter', '@reboot', 'UTC')")
        boss.execute("INSERT INTO pgboss.schedule VALUES ('of_node', '* * * * *', 'UTC')")
        said = moved(boss, shop(dsn))
        assert "left: the schedule of send_letter: cron expression '@reboot'" in said
        assert "left: the schedule of of_node, no job of our own tables" in said
        assert column(boss, "SELECT count(*) FROM pgboss.schedule") == [2]


def test_only_the_tables_of_twenty(boss: Connection, dsn: str) -> None:
    boss.execute("UPDATE pgboss.version SET version = 22")
    with pytest.raises(SchemaError, match="pg-boss 10"):
        moved(boss, shop(dsn))
