"""How long a job is kept: while it waits to be performed, and once it has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs_runtime import JobFailed, JobNotFound, JobState, Schedule
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.executors.postgres.retiring import clear_retired, retire_partitions
from jobs_supervisor.scheduler import expiry
from jobs_supervisor.scheduler.expiry import Expiry
from tests.integration.shop import Shop, Worker, number, register, waiting

KEPT_FOR = "SELECT extract(epoch FROM keep_until - now())::int FROM jobs.job"
FINISHED_KEPT_FOR = "SELECT extract(epoch FROM keep_until - now())::int FROM jobs.finished"
PAST = "UPDATE jobs.job SET keep_until = now() - interval '1 second' WHERE keep_until IS NOT NULL"
FINISHED_PAST = "UPDATE jobs.finished SET keep_until = now() - interval '1 second'"
AGE = "UPDATE jobs.finished SET finished_at = now() - %s * interval '1 day'"
PARTITION = """
CREATE TABLE jobs.finished_{0:%Y%m%d} PARTITION OF jobs.finished
FOR VALUES FROM ('{0:%Y-%m-%d} 00:00:00+00') TO ('{1:%Y-%m-%d} 00:00:00+00')
"""


def about(seconds: int) -> object:
    return pytest.approx(seconds, abs=30)


class TestWaiting:
    def test_nothing_is_given_up_unless_asked_for(self, shop: Shop, connection: Connection) -> None:
        shop.double.submit(1)
        shop.double.delay(3600).submit(1)
        assert number(connection, "SELECT count(*) FROM jobs.job WHERE keep_until IS NULL") == 2
        Expiry().perform(connection, 0.0)
        assert waiting(connection) == 2

    @pytest.mark.parametrize(("delay", "expected"), [(0, 600), (1000, 1600)])
    def test_the_time_counts_from_the_moment_it_may_be_performed(
        self, shop: Shop, connection: Connection, delay: int, expected: int
    ) -> None:
        later = shop.double.delay(delay)
        later.submit(1, keep_for=timedelta(minutes=10))
        later.submit_many([1], keep_for=600)
        later.submit(1, keep_for=600, singleton_key="key")
        later.submit(1, keep_for=600, singleton_key="slot", singleton_seconds=3600)
        kept = [row[0] for row in connection.execute(KEPT_FOR)]
        assert kept == [about(expected)] * 4

    def test_one_that_waited_too_long_has_expired(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        submitted = shop.double.submit(1, keep_for=60)
        shop.double.submit(2, keep_for=3600)
        connection.execute(PAST + " AND args::text = '1'")
        Expiry().perform(connection, 0.0)
        record = submitted.details()
        assert (record.state, record.attempt, record.started_at) == (JobState.EXPIRED, 0, None)
        with pytest.raises(JobFailed, match="it was not performed within keep_for"):
            submitted.result(timeout=1)
        (claim,) = worker.claim()
        assert claim.args == "2"

    def test_a_retry_that_comes_too_late_keeps_what_went_wrong(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        submitted = shop.double.submit(1, keep_for=60, retry_limit=1)
        worker.retry(worker.claim_one().job_id, delay=3600)
        connection.execute('UPDATE jobs.job SET output = \'{"name":"ValueError"}\'')
        connection.execute(PAST)
        Expiry().perform(connection, 0.0)
        record = submitted.details()
        assert (record.state, record.attempt) == (JobState.EXPIRED, 1)
        assert record.output == {"name": "ValueError"}

    def test_one_that_runs_is_not_given_up(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        submitted = shop.double.submit(1, keep_for=60)
        worker.claim_one()
        connection.execute(PAST)
        Expiry().perform(connection, 0.0)
        assert submitted.details().state is JobState.ACTIVE

    def test_it_gives_its_slot_and_its_key_back(self, shop: Shop, connection: Connection) -> None:
        shop.double.submit(1, keep_for=60, singleton_key="key")
        shop.double.submit(1, keep_for=60, singleton_seconds=3600)
        connection.execute(PAST)
        Expiry().perform(connection, 0.0)
        assert shop.double.submit(1, singleton_key="key")
        assert shop.double.submit(1, singleton_seconds=3600)

    def test_a_scheduled_one_is_given_up_as_well(self, shop: Shop, connection: Connection) -> None:
        schedule = Schedule("* * * * *", args=1, options={"keep_for": 600})
        register(connection, "here", "double")
        run(connection, PostgresExecutor.timetable.declare(shop.double, schedule, "here"))
        (kept,) = run(connection, upkeep.schedules())
        run(connection, upkeep.fire("double", schedule.next_tick(kept.last_tick)))
        assert number(connection, KEPT_FOR) == about(600)

    def test_one_that_is_put_back_may_wait_as_long_again(
        self, shop: Shop, connection: Connection
    ) -> None:
        submitted = shop.double.submit(1, keep_for=600)
        connection.execute(PAST)
        Expiry().perform(connection, 0.0)
        assert submitted.retry()
        assert number(connection, KEPT_FOR) == about(600)
        submitted.cancel()
        assert submitted.resume()
        assert number(connection, KEPT_FOR) == about(600)

    def test_more_than_one_statement_takes(
        self, shop: Shop, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(expiry, "AT_MOST", 3)
        shop.double.submit_many(range(10), keep_for=60)
        connection.execute(PAST)
        duty, now = Expiry(), 100.0
        assert [duty.perform(connection, now) - now for _ in range(4)] == [0, 0, 0, expiry.EVERY]
        assert waiting(connection) == 0
        assert number(connection, "SELECT count(*) FROM jobs.finished") == 10


class TestFinished:
    def test_one_is_forgotten_before_the_history_goes(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        brief = shop.double.submit(1, keep_finished_for=timedelta(hours=1))
        ordinary = shop.double.submit(2)
        worker.finish(*(claim.job_id for claim in worker.claim()))
        assert number(connection, FINISHED_KEPT_FOR + " WHERE keep_until > now()") == about(3600)
        Expiry().perform(connection, 0.0)
        assert brief.details().state is JobState.COMPLETED
        connection.execute(FINISHED_PAST + " WHERE keep_until IS NOT NULL")
        Expiry().perform(connection, 0.0)
        assert shop.jobs.get(brief.job_id) is None
        with pytest.raises(JobNotFound):
            brief.details()
        assert ordinary.details().state is JobState.COMPLETED

    @pytest.mark.parametrize("ending", ["cancelled", "given up"])
    def test_it_counts_from_the_end_whatever_the_end_was(
        self, shop: Shop, connection: Connection, ending: str
    ) -> None:
        submitted = shop.double.submit(1, keep_for=60, keep_finished_for=3600)
        if ending == "cancelled":
            submitted.cancel()
        else:
            connection.execute(PAST)
            Expiry().perform(connection, 0.0)
        assert number(connection, FINISHED_KEPT_FOR) == about(3600)

    def test_one_outlives_the_history(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        day = datetime.now(UTC).date() - timedelta(days=30)
        statement = PARTITION.format(day, day + timedelta(days=1))
        connection.execute(statement.encode())
        kept = shop.double.submit(1, keep_finished_for=timedelta(days=90))
        ordinary = shop.double.submit(2)
        worker.finish(*(claim.job_id for claim in worker.claim()))
        connection.execute(AGE, [30])
        assert retire_partitions(connection, 7) == [f"finished_{day:%Y%m%d}"]
        while clear_retired(connection, 1000):
            continue
        assert kept.details().args == 1
        assert shop.jobs.get(ordinary.job_id) is None
        connection.execute(FINISHED_PAST)
        Expiry().perform(connection, 0.0)
        retire_partitions(connection, 7)
        while clear_retired(connection, 1000):
            continue
