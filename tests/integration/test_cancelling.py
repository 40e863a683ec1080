from __future__ import annotations

import asyncio

import pytest

from jobs_runtime import JobState
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.model import Cancellation
from tests.integration.shop import Shop, Worker, executor, ids, number, waiting

FINISHED = "SELECT count(*) FROM jobs.finished"


class TestCancel:
    def test_a_waiting_job_is_never_performed(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        submitted = shop.double.submit(1)
        assert submitted.cancel()
        record = submitted.details()
        assert (record.state, record.attempt) == (JobState.CANCELLED, 0)
        assert record.finished_at is not None
        assert worker.claim() == []
        assert (waiting(connection), number(connection, FINISHED)) == (0, 1)

    def test_a_future_job_is_never_made_due(self, shop: Shop, connection: Connection) -> None:
        submitted = shop.double.delay(3600).submit(1)
        assert submitted.cancel()
        assert submitted.details().start_after is not None
        assert run(connection, upkeep.next_due()) is None

    def test_a_running_one_is_taken_from_its_worker_who_is_told(
        self, shop: Shop, dsn: str, worker: Worker
    ) -> None:
        submitted = shop.double.submit(1)
        claim = worker.claim_one()
        with connect(dsn, "listener") as listener:
            listener.execute("LISTEN jobs")
            assert submitted.cancel()
            told = [each.payload for each in listener.notifies(timeout=5, stop_after=1)]
        assert told == [f"cancel {claim.job_id} {worker.incarnation}"]
        assert submitted.details().state is JobState.CANCELLED
        assert worker.finish(claim.job_id) == []

    def test_the_answer_tells_running_from_waiting(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        runs, waits = (shop.double.submit(arg) for arg in range(2))
        worker.claim_one()
        assert run(connection, executor.cancel(runs.job_id)) is Cancellation.INTERRUPTED
        assert run(connection, executor.cancel(waits.job_id)) is Cancellation.UNQUEUED
        assert run(connection, executor.cancel(waits.job_id)) is Cancellation.NOTHING

    @pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.FAILED])
    def test_a_finished_one_stays_as_it_is(
        self, shop: Shop, worker: Worker, state: JobState
    ) -> None:
        submitted = shop.double.submit(1)
        worker.finish(worker.claim_one().job_id, state=state)
        assert not submitted.cancel()
        assert not submitted.resume()
        assert submitted.details().state is state


class TestRetryAnew:
    @pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED])
    def test_one_that_failed_has_all_its_attempts_again(
        self, shop: Shop, worker: Worker, connection: Connection, state: JobState
    ) -> None:
        submitted = shop.urgent.submit(21)
        worker.finish(worker.claim_one("urgent").job_id, state=state)
        assert not submitted.resume()
        assert submitted.retry()
        assert not submitted.retry()
        record = submitted.details()
        assert (record.state, record.attempt, record.args) == (JobState.RETRY, 0, 21)
        assert worker.claim_one("urgent").attempt == 1
        assert (waiting(connection), number(connection, FINISHED)) == (1, 0)

    @pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.CANCELLED])
    def test_no_other_is_performed_anew(self, shop: Shop, worker: Worker, state: JobState) -> None:
        submitted = shop.double.submit(1)
        worker.finish(worker.claim_one().job_id, state=state)
        assert not submitted.retry()
        assert submitted.details().state is state


class TestResume:
    def test_a_job_that_waited_waits_again(self, shop: Shop, worker: Worker) -> None:
        submitted = shop.urgent.submit(21)
        before = submitted.details()
        submitted.cancel()
        assert submitted.resume()
        assert submitted.details() == before
        assert not submitted.resume()
        assert worker.claim_one("urgent").attempt == 1

    def test_a_future_one_still_waits_for_its_time(self, shop: Shop, worker: Worker) -> None:
        submitted = shop.double.delay(3600).submit(1)
        before = submitted.details()
        submitted.cancel()
        assert submitted.resume()
        assert submitted.details() == before
        assert worker.claim() == []

    def test_one_that_ran_is_refused_until_its_attempt_has_stopped(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        submitted = shop.double.submit(1)
        claim = worker.claim_one()
        submitted.cancel()
        assert not submitted.resume()
        other = Worker(connection)
        run(connection, executor.stopped([claim.job_id], other.incarnation))
        assert not submitted.resume()
        run(connection, executor.stopped([claim.job_id], worker.incarnation))
        assert submitted.resume()
        record = submitted.details()
        assert (record.state, record.attempt, record.started_at) == (JobState.RETRY, 1, None)
        assert other.claim_one().attempt == 2

    def test_or_until_its_worker_is_gone(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        submitted = shop.double.submit(1)
        worker.claim_one()
        submitted.cancel()
        assert not submitted.resume()
        assert run(connection, upkeep.forget_worker(worker.incarnation))
        assert submitted.resume()

    def test_there_is_one_of_it_afterwards(self, shop: Shop, connection: Connection) -> None:
        submitted = shop.double.submit_many(range(3))
        submitted[1].cancel()
        submitted[1].resume()
        rows = connection.execute("SELECT id FROM jobs.job ORDER BY id").fetchall()
        assert [row[0] for row in rows] == ids(submitted)
        assert number(connection, FINISHED) == 0

    def test_from_a_coroutine(self, shop: Shop) -> None:
        async def there_and_back() -> list[object]:
            submitted = await shop.double.asubmit(1)
            answers: list[object] = [await submitted.acancel(), await submitted.acancel()]
            answers.append((await submitted.adetails()).state)
            answers += [await submitted.aresume(), await submitted.aresume()]
            answers.append((await submitted.adetails()).state)
            await shop.jobs.aclose()
            return answers

        assert asyncio.run(there_and_back()) == [
            *(Cancellation.UNQUEUED, Cancellation.NOTHING, JobState.CANCELLED),
            *(True, False, JobState.CREATED),
        ]
