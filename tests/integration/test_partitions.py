from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from jobs_runtime import JobState
from jobs_runtime.database import Connection
from jobs_runtime.executors.postgres.partitions import (
    DAYS_AHEAD,
    create_partitions,
    drop_partitions,
)
from tests.integration.databases import copied
from tests.integration.shop import Shop, Worker, number

FUTURE = date(2190, 1, 1)
PARTITIONS = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'jobs.finished'::regclass
"""


def partitions(connection: Connection) -> set[str]:
    return {row[0] for row in connection.execute(PARTITIONS)}


def named(first: date, days: int) -> list[str]:
    return [f"finished_{first + timedelta(days=day):%Y%m%d}" for day in range(days)]


def keep_finished(connection: Connection, finished_at: datetime) -> None:
    connection.execute(
        "INSERT INTO jobs.finished (id, created_at, finished_at, rank, state, attempt, deaths,"
        " queue, name) VALUES (1, now(), %s, 0, 'completed', 1, 0, 'q', 'n')",
        [finished_at],
    )


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


class TestDropping:
    def test_only_days_that_ended_long_enough_ago_go(self, connection: Connection) -> None:
        create_partitions(connection, FUTURE)
        drop_partitions(connection, 0, FUTURE)
        today = FUTURE + timedelta(days=5)
        assert drop_partitions(connection, 3, today) == named(FUTURE, 2)
        assert drop_partitions(connection, 3, today) == []
        kept = {"finished_default", *named(FUTURE + timedelta(days=2), DAYS_AHEAD - 1)}
        assert partitions(connection) == kept

    def test_no_days_keeps_today(self, connection: Connection) -> None:
        before = partitions(connection)
        assert drop_partitions(connection, 0) == []
        assert partitions(connection) == before

    def test_the_jobs_of_a_dropped_day_are_not_found_any_more(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        submitted = shop.double.submit(1)
        worker.finish(worker.claim_one().job_id)
        today = datetime.now(UTC).date()
        assert submitted.details().state is JobState.COMPLETED
        assert drop_partitions(connection, 0, today + timedelta(days=DAYS_AHEAD + 2)) != []
        assert shop.jobs.get(submitted.job_id) is None

    def test_one_that_is_in_use_is_left_for_the_next_time(
        self, dsn: str, connection: Connection
    ) -> None:
        create_partitions(connection, FUTURE)
        after = FUTURE + timedelta(days=DAYS_AHEAD + 1)
        with psycopg.connect(dsn) as reader:
            reader.execute("SELECT FROM jobs.finished_21900102")
            first = drop_partitions(connection, 0, after)
        assert "finished_21900102" not in first
        assert "finished_21900102" in drop_partitions(connection, 0, after)

    def test_a_reader_of_the_history_delays_partitions_only_until_it_ends(
        self, dsn: str, connection: Connection
    ) -> None:
        with psycopg.connect(dsn) as reader:
            reader.execute("LOCK TABLE jobs.finished IN ACCESS SHARE MODE")
            reader.execute("LOCK TABLE jobs.finished_default IN ACCESS SHARE MODE")
            assert create_partitions(connection, FUTURE) == []
        assert create_partitions(connection, FUTURE) == named(FUTURE, DAYS_AHEAD + 1)
