from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from jobs_runtime import JobFailed, JobNotFound, JobState, ResultTimeout
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.model import Outcome
from tests.integration.shop import Shop, Worker, details, ids, number, waiting

FINISHED = "SELECT count(*) FROM jobs.finished"
MAKE_PAST = "UPDATE jobs.job SET start_after = now() - interval '1 second' WHERE NOT ready"


class TestFinish:
    @pytest.mark.parametrize(
        "state",
        [JobState.COMPLETED, JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED],
    )
    def test_in_every_final_state(
        self, shop: Shop, worker: Worker, connection: Connection, state: JobState
    ) -> None:
        submitted = shop.urgent.submit(21)
        claim = worker.claim_one("urgent")
        assert worker.settle(Outcome(claim.job_id, state, 2.5, '{"left":1}')) == [claim.job_id]
        record = submitted.details()
        assert record.state is state
        assert record.state.finished
        assert (record.name, record.queue, record.priority) == ("urgent", "urgent", 5)
        assert (record.args, record.output, record.attempt) == (21, {"left": 1}, 1)
        assert record.options == claim.options
        assert record.started_at is not None
        assert record.finished_at is not None
        assert record.finished_at - record.started_at == timedelta(seconds=2.5)
        assert waiting(connection) == 0
        assert number(connection, FINISHED) == 1

    def test_many_of_several_states_at_once(self, shop: Shop, worker: Worker) -> None:
        job_ids = ids(shop.double.submit_many(range(30)))
        worker.claim()
        states = [JobState.COMPLETED, JobState.FAILED, JobState.RETRY]
        outcomes = [
            Outcome(job_id, states[place % 3], 0.1, f"{place}" if place % 2 else None)
            for place, job_id in enumerate(job_ids)
        ]
        assert worker.settle(*outcomes) == job_ids
        for place, job_id in enumerate(job_ids):
            found = shop.jobs.get(str(job_id))
            assert found is not None
            record = found.details()
            assert record.state is states[place % 3]
            assert record.output == (place if place % 2 else None)

    def test_nothing_to_settle_is_nothing_to_do(self, worker: Worker) -> None:
        assert worker.settle() == []


class TestFence:
    def test_another_incarnation_changes_nothing(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        claim = worker.claim_one()
        other = Worker(connection)
        before = details(connection, claim.job_id)
        for state in (JobState.COMPLETED, JobState.FAILED, JobState.RETRY):
            assert other.settle(Outcome(claim.job_id, state, 0.0)) == []
        assert other.release(claim.job_id) == []
        assert details(connection, claim.job_id) == before
        assert worker.finish(claim.job_id) == [claim.job_id]

    def test_a_late_writer_changes_nothing_once_another_has_the_job(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        claim = worker.claim_one()
        worker.release(claim.job_id)
        other = Worker(connection)
        assert other.claim_one().job_id == claim.job_id
        assert worker.finish(claim.job_id) == []
        assert other.finish(claim.job_id) == [claim.job_id]
        assert other.finish(claim.job_id) == []
        assert number(connection, FINISHED) == 1

    def test_a_waiting_job_belongs_to_nobody(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        (job_id,) = ids(shop.double.submit_many([1]))
        assert worker.finish(job_id) == worker.retry(job_id) == worker.release(job_id) == []
        assert details(connection, job_id).state is JobState.CREATED

    def test_only_what_it_still_owns_is_settled(self, shop: Shop, worker: Worker) -> None:
        first, second, third = ids(shop.double.submit_many(range(3)))
        worker.claim()
        worker.release(second)
        assert worker.finish(first, second, third) == [first, third]


class TestRelease:
    def test_the_attempt_is_refunded(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        claim = worker.claim_one()
        assert worker.release(claim.job_id) == [claim.job_id]
        record = details(connection, claim.job_id)
        assert (record.state, record.attempt, record.started_at) == (JobState.CREATED, 0, None)
        again = worker.claim_one()
        assert replace(again, waited=0.0) == replace(claim, waited=0.0)

    def test_a_repeated_one_is_still_a_retry(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        job_id = worker.claim_one().job_id
        worker.retry(job_id)
        assert worker.claim_one().attempt == 2
        worker.release(job_id)
        record = details(connection, job_id)
        assert (record.state, record.attempt) == (JobState.RETRY, 1)


class TestRetry:
    def test_at_once(self, shop: Shop, worker: Worker, connection: Connection) -> None:
        shop.double.submit(1)
        job_id = worker.claim_one().job_id
        worker.settle(Outcome(job_id, JobState.RETRY, 0.1, '{"name":"ValueError"}'))
        record = details(connection, job_id)
        assert (record.state, record.attempt, record.deaths) == (JobState.RETRY, 1, 0)
        assert record.output == {"name": "ValueError"}
        assert worker.claim_one().attempt == 2

    def test_after_a_delay_it_must_be_made_due(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        job_id = worker.claim_one().job_id
        worker.retry(job_id, delay=3600)
        record = details(connection, job_id)
        assert record.start_after is not None
        assert timedelta(seconds=3590) < record.start_after - record.created_at
        assert worker.claim() == []
        assert run(connection, upkeep.make_due(10)) == 0
        connection.execute(MAKE_PAST)
        assert worker.claim() == []
        assert run(connection, upkeep.make_due(10)) == 1
        assert worker.claim_one().attempt == 2

    def test_a_death_is_counted_apart_and_a_refund_is_not(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        job_id = worker.claim_one().job_id
        worker.settle(Outcome(job_id, JobState.RETRY, 0.1, "1", death=True))
        claim = worker.claim_one()
        assert (claim.attempt, claim.deaths) == (2, 1)
        worker.settle(Outcome(job_id, JobState.RETRY, 0.1, refund=True))
        record = details(connection, job_id)
        assert (record.attempt, record.deaths, record.output) == (1, 1, 1)
        worker.settle(Outcome(worker.claim_one().job_id, JobState.RETRY, 0.1, death=True))
        claim = worker.claim_one()
        assert (claim.attempt, claim.deaths) == (3, 2)
        worker.finish(job_id)
        assert details(connection, job_id).deaths == 2


class TestResult:
    def test_what_a_completed_job_returned(self, shop: Shop, worker: Worker) -> None:
        submitted = shop.double.submit(21)
        worker.settle(Outcome(worker.claim_one().job_id, JobState.COMPLETED, 0.1, "42"))
        assert submitted.result(timeout=1) == 42

    def test_what_went_wrong_with_a_failed_one(self, shop: Shop, worker: Worker) -> None:
        submitted = shop.double.submit(21)
        output = '{"name":"ValueError","message":"bad","stack":"Traceback ..."}'
        worker.settle(Outcome(worker.claim_one().job_id, JobState.FAILED, 0.1, output))
        with pytest.raises(JobFailed, match="failed after attempt 1: ValueError: bad") as caught:
            submitted.result(timeout=1)
        assert caught.value.state == "failed"

    def test_waiting_ends_in_time(self, shop: Shop) -> None:
        with pytest.raises(ResultTimeout, match=r"has not finished within 0\.05 s"):
            shop.double.submit(21).result(timeout=0.05)

    def test_a_job_past_its_retention_is_not_found(
        self, shop: Shop, connection: Connection
    ) -> None:
        submitted = shop.double.submit(21)
        connection.execute("DELETE FROM jobs.job")
        with pytest.raises(JobNotFound, match=f"there is no job {submitted.job_id}"):
            submitted.result(timeout=1)
        assert shop.jobs.get(submitted.job_id) is None
