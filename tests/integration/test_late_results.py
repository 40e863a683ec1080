"""A worker whose connection breaks before it stores an outcome; its host may be given up."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from jobs_runtime import JobState
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.protocol import START
from jobs_runtime.model import Outcome
from jobs_supervisor import metrics
from jobs_supervisor.counters import Counters, Layout, WorkerCounters
from jobs_supervisor.scheduler.rescue import Rescue
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.worker.batch import Batch
from jobs_supervisor.worker.delivery import Delivery
from tests.integration.shop import Shop, Worker, executor, number, waiting

END_SESSION = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'jobs: worker 1'
"""

JOBS = 3


@pytest.fixture
def counters() -> Iterator[Counters]:
    layout = Layout(["double"])
    memory = SharedMemory.create(Counters.size_of(layout, 1))
    yield Counters(memory, layout, 1)
    os.close(memory.descriptor)


@pytest.fixture
def delivery(dsn: str, counters: Counters) -> Iterator[Delivery]:
    """A registered worker's."""
    delivery = Delivery(
        dsn,
        "worker 1",
        executor,
        WorkerCounters(counters.row(0)),
        gave_up=lambda _: False,
        on_lost=lambda _: None,
    )
    assert delivery.open(executor.register_worker("here", 1, 1))
    yield delivery
    delivery.close()


@pytest.fixture
def batch(shop: Shop, delivery: Delivery) -> Batch:
    """Jobs that it has claimed and performed."""
    shop.double.submit_many(range(JOBS))
    claim = executor.claim("double", ["double"], START, JOBS, delivery.incarnation)
    (claims,) = delivery.send(None, [claim])
    batch = Batch("double", claims)
    while (job := batch.next()) is not None:
        batch.ended(job, Outcome(job.job_id, JobState.COMPLETED, 0.1))
    return batch


def give_up(connection: Connection, counters: Counters, delivery: Delivery) -> None:
    Rescue(counters.row(0), ["double"]).settle_unknown(connection, delivery.incarnation)


def test_of_a_host_that_was_not_given_up_all_are_stored(
    delivery: Delivery, batch: Batch, counters: Counters, connection: Connection
) -> None:
    assert number(connection, END_SESSION) == 1
    assert delivery.send(batch, []) == []
    assert waiting(connection) == 0
    assert counters.sum_of(metrics.LOST) == 0


@pytest.mark.parametrize("performed_again", [False, True])
def test_what_was_given_to_others_is_refused_and_counted(
    delivery: Delivery,
    batch: Batch,
    counters: Counters,
    connection: Connection,
    worker: Worker,
    caplog: pytest.LogCaptureFixture,
    *,
    performed_again: bool,
) -> None:
    assert number(connection, END_SESSION) == 1
    give_up(connection, counters, delivery)
    if performed_again:
        worker.finish(*(claim.job_id for claim in worker.claim(limit=1)))
    (held,) = delivery.send(batch, executor.held(delivery.incarnation))
    assert held == []
    assert waiting(connection) == JOBS - performed_again
    assert counters.sum_of(metrics.LOST) == JOBS
    assert caplog.text.count("3 outcomes refused: the jobs were given to others") == 1


@pytest.mark.parametrize("given_up", [False, True])
def test_what_was_stored_though_no_answer_came_is_not_counted(
    delivery: Delivery,
    batch: Batch,
    counters: Counters,
    connection: Connection,
    *,
    given_up: bool,
) -> None:
    outcomes = [Outcome(job_id, JobState.COMPLETED, 0.1) for job_id in batch.held()]
    settle = executor.settle(outcomes, delivery.incarnation)
    assert sum(len(run(connection, each)) for each in settle) == JOBS
    assert number(connection, END_SESSION) == 1
    if given_up:
        give_up(connection, counters, delivery)
    delivery.send(batch, [])
    assert counters.sum_of(metrics.LOST) == 0


def test_what_was_cancelled_after_it_ended_is_not_counted_and_may_be_resumed(
    shop: Shop, delivery: Delivery, batch: Batch, counters: Counters, connection: Connection
) -> None:
    first, *_ = batch.held()
    job = shop.jobs.get(str(first))
    assert job is not None
    assert job.cancel()
    assert not job.resume(), "its attempt may still be running"
    delivery.send(batch, [])
    assert waiting(connection) == 0
    assert counters.sum_of(metrics.LOST) == 0
    assert job.resume()


def test_what_was_stopped_without_having_been_cancelled_is_given_back(
    delivery: Delivery, counters: Counters, connection: Connection, shop: Shop, worker: Worker
) -> None:
    shop.double.submit_many(range(2))
    claim = executor.claim("double", ["double"], START, 2, delivery.incarnation)
    (claims,) = delivery.send(None, [claim])
    batch = Batch("double", claims)
    for state in (JobState.CANCELLED, JobState.COMPLETED):
        job = batch.next()
        assert job is not None
        batch.ended(job, Outcome(job.job_id, state, 0.1))
    delivery.send(batch, [])
    assert counters.sum_of(metrics.LOST) == 0
    (again,) = worker.claim()
    assert (again.job_id, again.attempt) == (claims[0].job_id, 1)
