from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from jobs_runtime import JobState, OptionError, PayloadError
from jobs_runtime.database import Connection
from jobs_runtime.options import Options
from tests.integration.shop import Shop, Worker, ids, number, waiting

OPTIONS_OF = "SELECT options::text FROM jobs.job WHERE id = %s"


def stored_options(connection: Connection, job_id: str) -> str | None:
    row = connection.execute(OPTIONS_OF, [job_id]).fetchone()
    assert row is not None
    return row[0]


class TestOne:
    def test_it_is_there_when_submit_returns(self, shop: Shop, connection: Connection) -> None:
        before = datetime.now(UTC)
        submitted = shop.double.submit(21)
        assert submitted
        assert (submitted.job_name, submitted.executor_name) == ("double", "postgres")
        record = submitted.details()
        assert record.job_id == submitted.job_id
        assert (record.name, record.queue, record.args) == ("double", "double", 21)
        assert (record.state, record.attempt, record.deaths) == (JobState.CREATED, 0, 0)
        assert (record.start_after, record.started_at, record.finished_at) == (None, None, None)
        assert record.output is None
        assert timedelta(seconds=-2) < record.created_at - before < timedelta(seconds=10)
        assert waiting(connection) == 1

    def test_no_argument_is_null(self, shop: Shop, connection: Connection) -> None:
        assert shop.noop.submit().details().args is None
        assert number(connection, "SELECT count(*) FROM jobs.job WHERE args IS NULL") == 1

    def test_a_queue_of_its_own_or_a_shared_one(self, shop: Shop) -> None:
        record = shop.mixed.submit(1).details()
        assert (record.name, record.queue) == ("mixed", "double")

    def test_from_a_coroutine(self, shop: Shop, connection: Connection) -> None:
        async def submit() -> tuple[str, object]:
            submitted = await shop.double.asubmit(4, priority=3)
            record = await submitted.adetails()
            await shop.jobs.aclose()
            return submitted.job_id, (record.args, record.priority)

        job_id, kept = asyncio.run(submit())
        assert kept == (4, 3)
        assert number(connection, "SELECT id FROM jobs.job") == int(job_id)

    def test_from_one_event_loop_after_another(self, shop: Shop, connection: Connection) -> None:
        async def submit() -> None:
            await shop.double.asubmit(1)
            await shop.jobs.aclose()

        for _ in range(3):
            asyncio.run(submit())
        assert waiting(connection) == 3


class TestOptions:
    def test_the_priority_orders_claims(self, shop: Shop, connection: Connection) -> None:
        submitted = shop.urgent.submit(1)
        assert number(connection, "SELECT rank FROM jobs.job") == -5
        assert submitted.details().priority == submitted.details().options.priority == 5
        assert shop.urgent.submit(1, priority=-7).details().priority == -7

    def test_only_what_differs_from_the_built_in_ones_is_kept(
        self, shop: Shop, connection: Connection
    ) -> None:
        plain = shop.double.submit(1, retry_limit=0, expire_in=900, priority=4)
        assert stored_options(connection, plain.job_id) is None
        changed = shop.double.submit(1, retry_limit=3, expire_in=timedelta(minutes=1))
        kept = '{"retry_limit":3,"expire_in":60.0}'
        assert stored_options(connection, changed.job_id) == kept
        assert changed.details().options == Options(retry_limit=3, expire_in=60.0)

    def test_those_of_the_declaration_hold_unless_overridden(self, shop: Shop) -> None:
        assert shop.urgent.submit(1).details().options.retry_limit == 2
        assert shop.urgent.submit(1, retry_limit=0).details().options.retry_limit == 0

    def test_a_worker_reads_them_as_they_were_given(self, shop: Shop, worker: Worker) -> None:
        shop.urgent.submit(1, retry_delay=2.5, retry_backoff=True, retry_max_delay=60)
        expected = Options(
            priority=5, retry_limit=2, retry_delay=2.5, retry_backoff=True, retry_max_delay=60.0
        )
        assert worker.claim_one("urgent").options == expected


class TestDelay:
    @pytest.mark.parametrize("delay", [3600, 3600.5, timedelta(hours=1)])
    def test_seconds_count_from_the_submit_on_the_databases_clock(
        self, shop: Shop, delay: float | timedelta
    ) -> None:
        record = shop.double.delay(delay).submit(1).details()
        expected = delay if isinstance(delay, timedelta) else timedelta(seconds=delay)
        assert record.start_after is not None
        assert record.start_after - record.created_at == expected

    @pytest.mark.parametrize(
        "moment",
        [
            datetime(2190, 1, 31, 9, 30, tzinfo=UTC),
            datetime(2190, 1, 31, 15, 15, tzinfo=timezone(timedelta(hours=5, minutes=45))),
            "2190-01-31T10:30:00+01:00",
            "2190-01-31T09:30:00Z",
        ],
    )
    def test_a_moment_is_that_moment(self, shop: Shop, moment: datetime | str) -> None:
        record = shop.double.delay(moment).submit(1).details()
        assert record.start_after == datetime(2190, 1, 31, 9, 30, tzinfo=UTC)

    @pytest.mark.parametrize("moment", [0, datetime(2020, 1, 1, tzinfo=UTC)])
    def test_a_moment_that_is_past_is_now(
        self, shop: Shop, worker: Worker, moment: float | datetime
    ) -> None:
        submitted = shop.double.delay(moment).submit(1)
        assert worker.claim_one().job_id == int(submitted.job_id)

    def test_nobody_claims_it_before_its_time(self, shop: Shop, worker: Worker) -> None:
        shop.double.delay(60).submit(1)
        shop.double.submit_many([1, 2], start_after=60)
        now = shop.double.submit(2)
        assert [claim.job_id for claim in worker.claim()] == ids([now])

    def test_the_option_says_the_same_as_delay(self, shop: Shop) -> None:
        record = shop.double.submit(1, start_after=90).details()
        assert record.start_after is not None
        assert record.start_after - record.created_at == timedelta(seconds=90)


class TestRefusals:
    @pytest.mark.parametrize("wrong", ["21", 2.5, None, [1], {}])
    def test_an_argument_of_another_type_is_not_stored(
        self, shop: Shop, connection: Connection, wrong: Any
    ) -> None:
        with pytest.raises(PayloadError, match="the argument of double"):
            shop.double.submit(wrong)
        with pytest.raises(PayloadError, match="the argument of double"):
            asyncio.run(shop.double.asubmit(wrong))
        assert waiting(connection) == 0

    def test_a_bad_option_is_not_stored(self, shop: Shop, connection: Connection) -> None:
        with pytest.raises(OptionError, match="priority takes a whole number"):
            shop.double.submit(1, priority=1.5)  # pyright: ignore[reportArgumentType]
        with pytest.raises(OptionError, match="needs a time zone"):
            shop.double.delay("2030-01-01T00:00:00").submit(1)
        assert waiting(connection) == 0

    def test_text_that_postgres_cannot_keep_is_named(self, shop: Shop) -> None:
        with pytest.raises(OptionError):
            shop.double.submit(1, singleton_key="a\x00b")


class TestLookingUp:
    def test_a_waiting_job(self, shop: Shop) -> None:
        submitted = shop.double.submit(21)
        found = shop.jobs.get(submitted.job_id)
        assert found is not None
        assert (found.job_id, found.job_name) == (submitted.job_id, "double")
        assert found.job is shop.double

    def test_a_finished_job(self, shop: Shop, worker: Worker) -> None:
        submitted = shop.double.submit(21)
        worker.finish(worker.claim_one().job_id)
        found = shop.jobs.get(submitted.job_id)
        assert found is not None
        assert found.details().state is JobState.COMPLETED

    def test_a_job_that_this_application_does_not_declare(self, shop: Shop, dsn: str) -> None:
        submitted = shop.double.submit(21)
        stranger = Shop(dsn).jobs
        stranger.declared.clear()
        found = stranger.get(submitted.job_id)
        stranger.close()
        assert found is not None
        assert (found.job, found.job_name) == (None, "double")

    def test_there_is_no_such_job(self, shop: Shop) -> None:
        assert shop.jobs.get("4711") is None
        assert shop.jobs.get("0") is None

        assert shop.jobs.get("9" * 40) is None

    @pytest.mark.parametrize("job_id", [4711, None, b"7"])
    def test_an_id_is_text(self, shop: Shop, job_id: Any) -> None:
        with pytest.raises(TypeError, match="a job id is a string, not "):
            shop.jobs.get(job_id)
        with pytest.raises(TypeError, match="a job id is a string, not "):
            asyncio.run(shop.jobs.aget(job_id))

    @pytest.mark.parametrize("job_id", ["nonsense", "", "6f0c7151-acbb-4dde-8c01-f3c80c529576"])
    def test_what_cannot_be_an_id_is_not_found(self, shop: Shop, job_id: str) -> None:
        assert shop.jobs.get(job_id) is None
