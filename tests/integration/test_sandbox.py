"""What an application's own tests use: submits that are seen, performed, and undone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from jobs_runtime import (
    ConfigurationError,
    Context,
    Job,
    JobState,
    OptionError,
    PayloadError,
    SchemaMissing,
)
from jobs_runtime.database import Connection
from jobs_runtime.testing import perform, sandbox
from tests.integration.shop import Shop, number, waiting

ROWS = "SELECT count(*) FROM jobs.job, jobs.worker"


@pytest.fixture
def failing(shop: Shop) -> Job[str, None]:
    @shop.jobs.job(retry_limit=1, retry_delay=60)
    def failing(message: str) -> None:
        raise ValueError(message)

    return failing


class TestPerform:
    def test_argument_and_result_go_through_json(self, shop: Shop) -> None:
        assert perform(shop.double, 21) == 42
        with pytest.raises(PayloadError, match="the argument of double"):
            perform(shop.double, "21")  # pyright: ignore[reportArgumentType]

    def test_what_it_raises_is_raised(self, failing: Job[str, None]) -> None:
        with pytest.raises(ValueError, match="bad"):
            perform(failing, "bad")

    def test_the_context_says_what_the_test_wants(self, shop: Shop) -> None:
        @shop.jobs.job(retry_limit=4)
        def tell(args: None, context: Context) -> list[object]:
            context.progress(1, 2)
            return [context.attempt, context.retry_limit, context.cancelled, context.job_name]

        assert perform(tell, None, attempt=3, cancelled=True) == [3, 4, True, "tell"]

    @pytest.mark.parametrize("raises", [False, True])
    def test_its_transaction_is_committed_when_it_returns(
        self, shop: Shop, connection: Connection, raises: bool
    ) -> None:
        @shop.jobs.job
        def write(args: None, context: Context) -> None:
            with context.transaction() as own:
                own.execute("INSERT INTO jobs.waiter (job_id) VALUES (7)")
            if raises:
                raise ValueError("bad")

        if raises:
            with pytest.raises(ValueError, match="bad"):
                perform(write, None)
        else:
            perform(write, None)
        assert number(connection, "SELECT count(*) FROM jobs.waiter") == int(not raises)

    def test_a_coroutine_in_a_test_that_is_one(self, shop: Shop) -> None:
        @shop.jobs.job
        async def slowly(number: int) -> int:
            await asyncio.sleep(0)
            return number * 2

        async def test() -> int:
            return perform(slowly, 21)

        assert perform(slowly, 21) == asyncio.run(test()) == 42


class TestSandbox:
    def test_nothing_of_it_is_left(self, shop: Shop, connection: Connection) -> None:
        kept = shop.jobs.database
        with sandbox(shop.jobs) as submits:
            shop.double.submit(1)
            shop.double.submit_many([2, 3])
            assert len(submits.submitted()) == 3
            assert waiting(connection) == 0
        assert shop.jobs.database is kept
        assert number(connection, ROWS) == 0

    def test_coroutines_submit_into_it(self, shop: Shop) -> None:
        async def submit() -> int:
            first = await shop.double.asubmit(1)
            await shop.double.asubmit_many([2, 3])
            await first.acancel()
            return len(submits.drain())

        with sandbox(shop.jobs) as submits:
            assert asyncio.run(submit()) == 2

    def test_waiting_for_a_job_that_nobody_performs_is_refused(self, shop: Shop) -> None:
        with sandbox(shop.jobs):
            submitted = shop.double.submit(1)
            with pytest.raises(ConfigurationError, match=r"call its drain\(\) before you wait"):
                submitted.result()

    def test_a_database_without_the_schema(self, empty_dsn: str) -> None:
        shop = Shop(empty_dsn)
        with pytest.raises(SchemaMissing, match="jobs-supervisor migrate"), sandbox(shop.jobs):
            pass


class TestDrain:
    def test_what_is_submitted_and_what_that_submits(self, shop: Shop) -> None:
        @shop.jobs.job
        def fan_out(count: int) -> None:
            shop.double.submit_many(range(count))

        with sandbox(shop.jobs) as submits:
            fan_out.submit(3)
            records = submits.drain()
            assert [record.name for record in records] == ["fan_out", *["double"] * 3]
            assert [record.output for record in records] == [None, 0, 2, 4]
            assert submits.drain() == []

    def test_it_tells_in_the_order_of_their_first_attempts(self, shop: Shop) -> None:
        with sandbox(shop.jobs) as submits:
            shop.double.submit(1)
            shop.mixed.submit(2)
            shop.double.submit(3, priority=1)
            records = submits.drain()
        assert [record.args for record in records] == [3, 1, 2]

    def test_what_was_there_before_is_performed_and_not_told_of(
        self, shop: Shop, connection: Connection
    ) -> None:
        submitted = shop.double.submit(21)
        with sandbox(shop.jobs) as submits:
            assert submits.drain() == []
            assert submitted.result(timeout=0) == 42
            submits.assert_nothing_submitted()
        assert submitted.details().state is JobState.CREATED
        assert waiting(connection) == 1

    def test_retries_and_delays_wait_unless_their_time_is_to_have_come(
        self, shop: Shop, failing: Job[str, None]
    ) -> None:
        with sandbox(shop.jobs) as submits:
            shop.double.delay(3600).submit(1)
            failing.submit("bad")
            (record,) = submits.drain()
            assert (record.state, record.attempt) == (JobState.RETRY, 1)
            failed, doubled = sorted(
                submits.drain(delayed=True), key=lambda record: record.name, reverse=True
            )
            assert (failed.state, failed.attempt) == (JobState.FAILED, 2)
            assert (doubled.state, doubled.output) == (JobState.COMPLETED, 2)

    def test_jobs_without_an_end_are_found_out(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("jobs_runtime.sandbox.MOST", 20)

        @shop.jobs.job
        def again() -> None:
            again.submit()

        with sandbox(shop.jobs) as submits:
            again.submit()
            with pytest.raises(AssertionError, match=r"after 20 attempts there are still jobs:"):
                submits.drain()

    def test_a_jobs_writes_are_undone_with_the_rest(
        self, shop: Shop, connection: Connection
    ) -> None:
        @shop.jobs.job
        def write(how: str, context: Context) -> None:
            if how == "wrongly":
                context.connection.execute("SELECT 1 / 0")
            with context.transaction() as own:
                own.execute("INSERT INTO jobs.waiter (job_id) VALUES (7)")
            if how == "in vain":
                raise ValueError("bad")

        count = "SELECT count(*) FROM jobs.waiter"
        with sandbox(shop.jobs) as submits:

            @shop.jobs.job
            def look(args: None, context: Context) -> int:
                return number(context.connection, count)

            for how in ("in vain", "wrongly", "well"):
                write.submit(how)
            look.submit(None)
            records = submits.drain()
            states = [JobState.FAILED, JobState.FAILED, JobState.COMPLETED, JobState.COMPLETED]
            assert [record.state for record in records] == states
            assert records[-1].output == 1
        assert number(connection, count) == 0

    def test_a_session_within_the_jobs_transaction_is_undone_too(
        self, shop: Shop, connection: Connection
    ) -> None:
        @shop.jobs.job
        def write(args: None, context: Context) -> None:
            with context.transaction():
                context.session.execute(text("INSERT INTO jobs.waiter (job_id) VALUES (7)"))

        with sandbox(shop.jobs) as submits:
            write.submit(None)
            (record,) = submits.drain()
            assert record.state is JobState.COMPLETED, record.output
        assert number(connection, "SELECT count(*) FROM jobs.waiter") == 0


class TestAssertions:
    def test_what_was_submitted_is_given(self, shop: Shop) -> None:
        with sandbox(shop.jobs) as submits:
            shop.double.submit_many([1, 2, 2])
            (one,) = submits.assert_submitted(shop.double, 1)
            assert one.cancel()
            assert len(submits.assert_submitted(shop.double, 2, times=2)) == 2
            assert len(submits.assert_submitted(shop.double)) == 3
            submits.assert_submitted(shop.noop, times=0)
            assert [record.args for record in submits.submitted(shop.double)] == [1, 2, 2]

    def test_by_the_options_in_force(self, shop: Shop) -> None:
        moment = datetime(2190, 1, 31, 9, tzinfo=UTC)
        with sandbox(shop.jobs) as submits:
            shop.urgent.submit(1, retry_delay=60, dead_letter=shop.noop)
            shop.urgent.delay(90).submit(2)
            shop.urgent.delay(moment).submit(3)
            submits.assert_submitted(shop.urgent, priority=5, retry_limit=2, times=3)
            submits.assert_submitted(
                shop.urgent, 1, retry_delay=timedelta(minutes=1), dead_letter="noop", times=1
            )
            submits.assert_submitted(shop.urgent, 2, start_after=timedelta(seconds=90))
            submits.assert_submitted(shop.urgent, 3, start_after="2190-01-31T10:00:00+01:00")
            with pytest.raises(AssertionError):
                submits.assert_submitted(shop.urgent, 3, start_after=90)
            with pytest.raises(OptionError, match="did you mean 'retry_limit'"):
                submits.assert_submitted(shop.urgent, retry_limits=1)  # pyright: ignore[reportCallIssue]

    def test_a_failure_tells_what_there_was(self, shop: Shop, failing: Job[str, None]) -> None:
        with sandbox(shop.jobs) as submits:
            shop.double.submit(1)
            failing.submit("bad")
            submits.drain()
            with pytest.raises(AssertionError) as caught:
                submits.assert_submitted(shop.double, 2, priority=1)
            lines = str(caught.value).splitlines()
            assert lines[0] == (
                "expected double(2) priority=1 to be submitted at least once, found 0;"
                " submitted were:"
            )
            assert lines[1] == "  double(1) is completed"
            assert lines[2].startswith("  failing('bad') is retry, not before 20")
            with pytest.raises(AssertionError, match="submitted 3 times, found 1"):
                submits.assert_submitted(shop.double, times=3)
            with pytest.raises(AssertionError, match="expected no submit, but there were:\n  dou"):
                submits.assert_nothing_submitted()

    def test_of_nothing_it_tells_that(self, shop: Shop) -> None:
        with sandbox(shop.jobs) as submits:
            submits.assert_nothing_submitted()
            with pytest.raises(AssertionError, match="found 0; submitted were: none"):
                submits.assert_submitted(shop.double)
