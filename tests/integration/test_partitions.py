from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from jobs_runtime import JobState
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres.partitions import DAYS_AHEAD, create_partitions
from jobs_runtime.executors.postgres.retiring import clear_retired, retire_partitions
from jobs_runtime.executors.postgres.upkeep import forget_strays
from tests.integration.databases import copied
from tests.integration.shop import Shop, Worker, number

FUTURE = date(2190, 1, 1)
LATER = datetime(2200, 1, 1, tzinfo=UTC)
PARTITIONS = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'jobs.finished'::regclass
"""
KEPT_AT = """
SELECT relname::text, count(*)
FROM jobs.finished JOIN pg_class ON pg_class.oid = finished.tableoid
GROUP BY relname
"""
RETIRED = "SELECT count(*) FROM pg_class WHERE relname LIKE 'retired%%' AND relkind = 'r'"


def partitions(connection: Connection) -> set[str]:
    return {row[0] for row in connection.execute(PARTITIONS)}


def named(first: date, days: int) -> list[str]:
    return [f"finished_{first + timedelta(days=day):%Y%m%d}" for day in range(days)]


def keep_finished(
    connection: Connection, finished_at: datetime, keep_until: datetime | None = None
) -> None:
    connection.execute(
        "INSERT INTO jobs.finished (id, created_at, finished_at, rank, state, attempt, deaths,"
        " queue, name, keep_until) VALUES (1, now(), %s, 0, 'completed', 1, 0, 'q', 'n', %s)",
        [finished_at, keep_until],
    )


def clear(connection: Connection) -> None:
    while clear_retired(connection, 10):
        continue


def kept_at(connection: Connection) -> dict[str, int]:
    """How many finished jobs are found, by where they lie."""
    return dict(connection.execute(KEPT_AT).fetchall())


@pytest.fixture
def dsn(server_dsn: str, template: str) -> Iterator[str]:
    """A database whose tables a test may alter."""
    with copied(server_dsn, template) as dsn:
        yield dsn


class TestCreating:
    def test_a_migrated_database_has_them_for_today_and_the_days_ahead(
        self, connection: Connection
    ) -> None:
        today = datetime.now(UTC).date()
        assert partitions(connection) >= {"finished_default", *named(today, DAYS_AHEAD)}
        assert len(partitions(connection)) == DAYS_AHEAD + 2

    def test_only_missing_ones_are_made(self, connection: Connection) -> None:
        assert create_partitions(connection, FUTURE) == named(FUTURE, DAYS_AHEAD + 1)
        assert create_partitions(connection, FUTURE) == []
        tomorrow = FUTURE + timedelta(days=1)
        last = FUTURE + timedelta(days=DAYS_AHEAD + 1)
        assert create_partitions(connection, tomorrow) == named(last, 1)

    def test_a_finished_job_goes_into_that_of_its_day(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        worker.finish(worker.claim_one().job_id)
        query = "SELECT tableoid::regclass::text, finished_at FROM jobs.finished"
        rows = connection.execute(query).fetchall()
        assert [row[0] for row in rows] == [f"jobs.finished_{rows[0][1].astimezone(UTC):%Y%m%d}"]

    def test_a_day_runs_from_midnight_to_midnight_utc(self, connection: Connection) -> None:
        create_partitions(connection, FUTURE)
        connection.execute("SET timezone = 'Pacific/Kiritimati'")
        first = datetime(2190, 1, 1, tzinfo=UTC)
        keep_finished(connection, first)
        keep_finished(connection, first + timedelta(days=1, microseconds=-1))
        assert number(connection, "SELECT count(*) FROM jobs.finished_21900101") == 2

    def test_without_one_nothing_is_lost_and_that_day_stays_in_the_default(
        self, connection: Connection
    ) -> None:
        keep_finished(connection, datetime(2190, 1, 3, 12, tzinfo=UTC))
        assert number(connection, "SELECT count(*) FROM jobs.finished_default") == 1
        made = create_partitions(connection, FUTURE)
        assert made == [name for name in named(FUTURE, DAYS_AHEAD + 1) if "0103" not in name]
        assert number(connection, "SELECT count(*) FROM jobs.finished") == 1


class TestRetiring:
    def test_only_days_that_ended_long_enough_ago_go(self, connection: Connection) -> None:
        create_partitions(connection, FUTURE)
        retire_partitions(connection, 0, FUTURE)
        today = FUTURE + timedelta(days=5)
        assert retire_partitions(connection, 3, today) == named(FUTURE, 2)
        assert retire_partitions(connection, 3, today) == []
        kept = {"finished_default", *named(FUTURE + timedelta(days=2), DAYS_AHEAD - 1)}
        assert partitions(connection) == kept

    def test_no_days_keeps_today(self, connection: Connection) -> None:
        before = partitions(connection)
        assert retire_partitions(connection, 0) == []
        assert partitions(connection) == before

    def test_the_jobs_of_a_dropped_day_are_not_found_any_more(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        submitted = shop.double.submit(1)
        worker.finish(worker.claim_one().job_id)
        today = datetime.now(UTC).date()
        assert submitted.details().state is JobState.COMPLETED
        assert retire_partitions(connection, 0, today + timedelta(days=DAYS_AHEAD + 2)) != []
        assert shop.jobs.get(submitted.job_id) is None

    def test_one_that_is_in_use_is_left_for_the_next_time(
        self, dsn: str, connection: Connection
    ) -> None:
        create_partitions(connection, FUTURE)
        after = FUTURE + timedelta(days=DAYS_AHEAD + 1)
        with psycopg.connect(dsn) as reader:
            reader.execute("SELECT FROM jobs.finished_21900102")
            first = retire_partitions(connection, 0, after)
        assert "finished_21900102" not in first
        assert "finished_21900102" in retire_partitions(connection, 0, after)

    def test_a_reader_of_the_history_delays_partitions_only_until_it_ends(
        self, dsn: str, connection: Connection
    ) -> None:
        with psycopg.connect(dsn) as reader:
            reader.execute("LOCK TABLE jobs.finished IN ACCESS SHARE MODE")
            reader.execute("LOCK TABLE jobs.finished_default IN ACCESS SHARE MODE")
            assert create_partitions(connection, FUTURE) == []
        assert create_partitions(connection, FUTURE) == named(FUTURE, DAYS_AHEAD + 1)

    def test_what_is_to_be_kept_longer_moves_to_a_partition_of_its_own(
        self, connection: Connection
    ) -> None:
        day = FUTURE - timedelta(days=30)
        retire_partitions(connection, 0, day)
        clear(connection)
        create_partitions(connection, day)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        for keep in (None, datetime.now(UTC), LATER, LATER):
            keep_finished(connection, noon, keep)
        assert retire_partitions(connection, 7, day + timedelta(days=8)) == named(day, 1)
        assert kept_at(connection) == {}
        assert [clear_retired(connection, 1) for _ in range(4)] == [True, True, True, False]
        assert kept_at(connection) == {f"finished_kept_{day:%Y%m%d}": 2}
        assert create_partitions(connection, FUTURE) == named(FUTURE, DAYS_AHEAD + 1)
        assert retire_partitions(connection, 7, day + timedelta(days=8)) == []
        connection.execute("DELETE FROM jobs.finished")
        retire_partitions(connection, 7, day + timedelta(days=8))
        assert f"finished_kept_{day:%Y%m%d}" not in partitions(connection)
        clear(connection)
        assert number(connection, RETIRED) == 0

    def test_days_of_which_the_default_has_jobs_are_kept_there(
        self, connection: Connection
    ) -> None:
        day = FUTURE - timedelta(days=30)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        create_partitions(connection, day)
        keep_finished(connection, noon, LATER)
        table = f"jobs.{named(day, 1)[0]}"
        connection.execute(f"ALTER TABLE jobs.finished DETACH PARTITION {table}".encode())
        keep_finished(connection, noon, LATER)
        connection.execute(f"ALTER TABLE {table} RENAME TO retired_by_hand".encode())
        clear(connection)
        assert kept_at(connection) == {"finished_default": 2}

    def test_jobs_of_a_day_without_a_partition_go_as_well(self, connection: Connection) -> None:
        now = datetime.now(UTC)
        for age, keep in ((8, None), (8, now + timedelta(days=1)), (6, None)):
            keep_finished(connection, now - timedelta(days=age), keep)
        assert run(connection, forget_strays(7, 10)) == 1
        assert number(connection, "SELECT count(*) FROM jobs.finished_default") == 2
