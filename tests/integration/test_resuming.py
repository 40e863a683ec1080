"""`resume` and `retry` together: whoever asks, and however often, a job is performed once."""

from __future__ import annotations

import threading

import pytest

from jobs_runtime import JobState
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.model import Outcome
from tests.integration.shop import Shop, Worker, executor, number, waiting
from tests.support.pool import eventually

BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def test_two_at_once_put_a_job_back_once(shop: Shop, dsn: str, connection: Connection) -> None:
    """The first also performs it to the end before the second may look."""
    submitted = shop.double.submit(21)
    submitted.cancel()
    answers: list[bool] = []
    with connect(dsn, "first") as first:
        worker = Worker(first)
        with first.transaction():
            assert run(first, executor.resume(submitted.job_id))
            second = threading.Thread(target=lambda: answers.append(submitted.resume()))
            second.start()
            eventually(lambda: number(connection, BLOCKED) == 1, 10, "the second waits")
            worker.finish(worker.claim_one().job_id)
        second.join(10)
    assert answers == [False]
    assert waiting(connection) == 0
    assert submitted.details().state is JobState.COMPLETED
    assert number(connection, "SELECT count(*) FROM jobs.finished") == 1


@pytest.mark.parametrize("how", ["waits", "runs"])
def test_one_that_has_not_ended_is_neither_resumed_nor_retried(
    shop: Shop, worker: Worker, how: str
) -> None:
    submitted = shop.double.submit(1)
    if how == "runs":
        worker.claim_one()
    before = submitted.details()
    assert not submitted.resume()
    assert not submitted.retry()
    assert submitted.details() == before


def test_one_performed_anew_leaves_its_old_error_until_it_ends(shop: Shop, worker: Worker) -> None:
    submitted = shop.urgent.submit(21)
    worker.settle(Outcome(worker.claim_one("urgent").job_id, JobState.FAILED, 0.1, '{"name":"E"}'))
    assert submitted.retry()
    assert submitted.details().output == {"name": "E"}
    for attempt in (1, 2, 3):
        claim = worker.claim_one("urgent")
        assert (claim.attempt, claim.options.retry_limit) == (attempt, 2)
        worker.retry(claim.job_id)
    worker.settle(Outcome(worker.claim_one("urgent").job_id, JobState.COMPLETED, 0.1, "42"))
    assert submitted.result(timeout=1) == 42


def test_a_job_that_is_not_there_is_not_put_back(shop: Shop, connection: Connection) -> None:
    submitted = shop.double.submit(1)
    connection.execute("DELETE FROM jobs.job")
    assert not submitted.cancel()
    assert not submitted.resume()
    assert not submitted.retry()
