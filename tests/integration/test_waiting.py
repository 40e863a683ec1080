"""`wait` and `result`: who waits is told, in whatever way the job ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from jobs_runtime import JobFailed, JobState, ResultTimeout, waiting
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.model import Outcome
from jobs_runtime.testing import sandbox
from tests.integration.shop import Shop, Worker, executor, number
from tests.support.pool import eventually

WAITERS = "SELECT count(*) FROM jobs.waiter"
OPEN = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE '%%jobs.waiter%%' AND pid <> pg_backend_pid()
"""
END_LISTENERS = OPEN.replace("count(*)", "count(pg_terminate_backend(pid, 5000))")
NEVER = 60.0
"""Seconds: with this between two looks, only a notification can have ended the wait in time."""


@contextmanager
def meanwhile(dsn: str, happens: Callable[[Connection], object]) -> Generator[None]:
    """Have something happen once somebody waits."""
    errors: list[Exception] = []

    def act() -> None:
        try:
            with connect(dsn, "meanwhile") as connection:
                eventually(lambda: number(connection, WAITERS) > 0, 10, "somebody waits")
                happens(connection)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join(20)
    assert not errors
    assert not thread.is_alive()


@pytest.fixture
def notified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but a notification ends a wait."""
    monkeypatch.setattr(waiting, "LOOK", NEVER)


@pytest.mark.usefixtures("notified")
class TestNotified:
    def test_of_a_result(self, shop: Shop, dsn: str, connection: Connection) -> None:
        submitted = shop.double.submit(21)

        def finish(other: Connection) -> None:
            worker = Worker(other)
            worker.settle(Outcome(worker.claim_one().job_id, JobState.COMPLETED, 0.1, "42"))

        with meanwhile(dsn, finish):
            assert submitted.result(timeout=NEVER / 2) == 42
        assert number(connection, WAITERS) == 0

    def test_in_a_coroutine(self, shop: Shop, dsn: str, connection: Connection) -> None:
        async def wait() -> tuple[int, JobState]:
            submitted = await shop.double.asubmit(21)
            result = await submitted.aresult(timeout=NEVER / 2)
            record = await submitted.await_(timeout=NEVER / 2)
            await shop.jobs.aclose()
            return result, record.state

        def finish(other: Connection) -> None:
            worker = Worker(other)
            worker.settle(Outcome(worker.claim_one().job_id, JobState.COMPLETED, 0.1, "42"))

        with meanwhile(dsn, finish):
            assert asyncio.run(wait()) == (42, JobState.COMPLETED)
        assert number(connection, WAITERS) == 0

    @pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED])
    def test_of_a_failure(self, shop: Shop, dsn: str, state: JobState) -> None:
        submitted = shop.double.submit(21)

        def lose(other: Connection) -> None:
            worker = Worker(other)
            worker.finish(worker.claim_one().job_id, state=state)

        with meanwhile(dsn, lose), pytest.raises(JobFailed) as caught:
            submitted.result(timeout=NEVER / 2)
        assert caught.value.state == state.value

    @pytest.mark.parametrize("runs", [False, True])
    def test_of_a_cancel(self, shop: Shop, dsn: str, worker: Worker, runs: bool) -> None:
        submitted = shop.double.submit(21)
        if runs:
            worker.claim_one()
        with (
            meanwhile(dsn, lambda _: submitted.cancel()),
            pytest.raises(JobFailed, match=rf"{submitted.job_id} cancelled") as caught,
        ):
            submitted.result(timeout=NEVER / 2)
        assert caught.value.state == "cancelled"

    def test_of_a_job_that_was_given_up(self, shop: Shop, dsn: str) -> None:
        submitted = shop.double.submit(21, keep_for=60)

        def give_up(other: Connection) -> None:
            other.execute("UPDATE jobs.job SET keep_until = now() - interval '1 second'")
            run(other, upkeep.give_up(10))

        with meanwhile(dsn, give_up):
            assert submitted.wait(timeout=NEVER / 2).state is JobState.EXPIRED

    def test_all_who_wait_for_it_and_nobody_else(self, shop: Shop, dsn: str) -> None:
        first, second = shop.double.submit_many([1, 2])

        async def wait() -> list[JobState]:
            waits = [first.await_(NEVER / 2) for _ in range(3)]
            records = await asyncio.gather(*waits, second.await_(NEVER / 2))
            await shop.jobs.aclose()
            return [record.state for record in records]

        def end_one_after_the_other(other: Connection) -> None:
            eventually(lambda: number(other, WAITERS) == 4, 10, "all wait")
            worker = Worker(other)
            worker.claim()
            worker.finish(int(first.job_id))
            eventually(lambda: number(other, WAITERS) == 1, 10, "one waits on")
            worker.finish(int(second.job_id), state=JobState.FAILED)

        with meanwhile(dsn, end_one_after_the_other):
            states = asyncio.run(wait())
        assert states == [*[JobState.COMPLETED] * 3, JobState.FAILED]

    def test_a_job_that_is_tried_again_is_waited_for(self, shop: Shop, dsn: str) -> None:
        submitted = shop.urgent.submit(21)

        def fail_then_complete(other: Connection) -> None:
            worker = Worker(other)
            worker.retry(worker.claim_one("urgent").job_id)
            worker.settle(Outcome(worker.claim_one("urgent").job_id, JobState.COMPLETED, 0.1, "42"))

        with meanwhile(dsn, fail_then_complete):
            assert submitted.result(timeout=NEVER / 2) == 42


def test_watches_that_end_together_all_end(dsn: str, connection: Connection) -> None:
    for _ in range(2):
        run(connection, executor.watch("7"))
    with connect(dsn, "first") as first, first.transaction():
        run(first, executor.unwatch("7"))
        run(connection, executor.unwatch("7"))
    assert number(connection, WAITERS) == 0


class TestTimeout:
    def test_it_is_a_timeout_error_and_leaves_nothing(
        self, shop: Shop, connection: Connection
    ) -> None:
        submitted = shop.double.submit(21)
        with pytest.raises(ResultTimeout, match=r"double \d+> has not finished within 0\.1 s"):
            submitted.wait(timeout=0.1)
        with pytest.raises(ResultTimeout, match=r"has not finished within 0\.05 s"):
            submitted.wait(timeout=timedelta(milliseconds=50))
        with pytest.raises(TimeoutError):
            submitted.result(timeout=0)
        assert number(connection, WAITERS) == 0
        assert submitted.details().state is JobState.CREATED

    def test_in_a_coroutine(self, shop: Shop, connection: Connection) -> None:
        async def wait() -> None:
            submitted = await shop.double.asubmit(21)
            try:
                with pytest.raises(ResultTimeout):
                    await submitted.aresult(timeout=0.1)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(submitted.aresult(), 0.3)
            finally:
                await shop.jobs.aclose()

        asyncio.run(wait())
        eventually(lambda: number(connection, OPEN) == 0, 10, "no connection is left")
        assert number(connection, WAITERS) == 0

    def test_a_finished_job_is_not_waited_for(self, shop: Shop, worker: Worker) -> None:
        submitted = shop.double.submit(21)
        worker.settle(Outcome(worker.claim_one().job_id, JobState.COMPLETED, 0.1, "42"))
        assert submitted.result(timeout=0) == 42


class TestLostNotification:
    """Behind a pooler nobody is notified."""

    def finish_silently(self, other: Connection) -> None:
        other.execute("DELETE FROM jobs.waiter")
        worker = Worker(other)
        worker.settle(Outcome(worker.claim_one().job_id, JobState.COMPLETED, 0.1, "42"))

    def test_a_look_now_and_then_finds_the_result(
        self, shop: Shop, dsn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting, "LOOK", 0.05)
        submitted = shop.double.submit(21)
        with meanwhile(dsn, self.finish_silently):
            assert submitted.result(timeout=20) == 42

    @pytest.mark.parametrize("in_a_coroutine", [False, True])
    def test_a_connection_that_the_server_ends_is_done_without(
        self, shop: Shop, dsn: str, in_a_coroutine: bool
    ) -> None:
        submitted = shop.double.submit(21)

        async def wait() -> object:
            found = await submitted.aresult(timeout=20)
            await shop.jobs.aclose()
            return found

        def end_and_finish(other: Connection) -> None:
            assert number(other, END_LISTENERS) == 1
            self.finish_silently(other)

        with meanwhile(dsn, end_and_finish):
            assert (asyncio.run(wait()) if in_a_coroutine else submitted.result(20)) == 42

    @pytest.mark.usefixtures("notified")
    def test_the_last_look_is_when_the_time_is_up(self, shop: Shop, dsn: str) -> None:
        submitted = shop.double.submit(21)
        with meanwhile(dsn, self.finish_silently):
            assert submitted.result(timeout=4) == 42


class TestFailure:
    def test_the_traceback_of_the_worker_is_in_the_message(self, shop: Shop) -> None:
        def innermost(number: int) -> int:
            raise LookupError(f"no invoice {number}")

        @shop.jobs.job
        def render(number: int) -> int:
            return innermost(number)

        with sandbox(shop.jobs) as submits:
            submitted = render.submit(7)
            submits.drain()
            with pytest.raises(JobFailed) as caught:
                submitted.result()
        message = str(caught.value)
        first = f"render {submitted.job_id} failed after attempt 1: LookupError: no invoice 7"
        assert message.startswith(first)
        assert "Traceback (most recent call last)" in message
        assert "in innermost\n" in message
        assert "no invoice 7" in str(caught.value.output)

    def test_a_job_of_another_application_gives_its_result_as_it_is_kept(
        self, shop: Shop, dsn: str, worker: Worker
    ) -> None:
        submitted = shop.double.submit(21)
        worker.settle(Outcome(worker.claim_one().job_id, JobState.COMPLETED, 0.1, '{"a":1}'))
        stranger = Shop(dsn).jobs
        stranger.declared.clear()
        found = stranger.get(submitted.job_id)
        assert found is not None
        assert found.result(timeout=1) == {"a": 1}
        stranger.close()
