"""What a claim takes of a queue with limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from jobs_runtime import Jobs, JobState
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres.upkeep import forget_beginnings, limit_waiting
from jobs_runtime.executors.together import run_together
from jobs_runtime.job import Job
from jobs_runtime.limits import Limits, Rate
from jobs_runtime.model import Claim, Outcome
from jobs_supervisor.scheduler.limiting import Limiting
from tests.integration.shop import Worker, executor
from tests.support.pool import eventually


def _noop() -> None:
    """Nothing."""


@pytest.fixture
def limited(dsn: str) -> Iterator[Job[None, None]]:
    jobs = Jobs(dsn)
    yield jobs.job(name="limited", concurrency=2, retry_limit=1)(_noop)
    jobs.close()


def claim(connection: Connection, worker: Worker, limits: Limits) -> list[Claim]:
    operations = executor.claim_limited("limited", ["limited"], limits, worker.incarnation)
    return run_together(connection, operations)[-1]


def claim_all(connection: Connection, worker: Worker, limits: Limits) -> list[int]:
    taken: list[int] = []
    while claims := claim(connection, worker, limits):
        taken += [each.job_id for each in claims]
    return taken


def end(connection: Connection, worker: Worker, job_id: int, state: JobState) -> None:
    for settle in executor.settle([Outcome(job_id, state, 0.1)], worker.incarnation):
        run(connection, settle)


def test_no_more_run_than_may(
    limited: Job[None, None], connection: Connection, worker: Worker
) -> None:
    first, second, third = (int(limited.submit().job_id) for _ in range(3))
    assert claim_all(connection, worker, Limits(2)) == [first, second]
    end(connection, worker, first, JobState.COMPLETED)
    assert claim_all(connection, worker, Limits(2)) == [third]


def test_one_that_is_tried_again_gives_its_place_up(
    limited: Job[None, None], connection: Connection, worker: Worker
) -> None:
    first, second = (int(limited.submit().job_id) for _ in range(2))
    assert claim_all(connection, worker, Limits(1)) == [first]
    end(connection, worker, first, JobState.RETRY)
    assert claim_all(connection, worker, Limits(1)) == [first]
    end(connection, worker, first, JobState.FAILED)
    assert claim_all(connection, worker, Limits(1)) == [second]


def test_keys_count_apart_and_priority_orders_them(
    limited: Job[None, None], connection: Connection, worker: Worker
) -> None:
    for _ in range(2):
        limited.submit(limit_key="a")
    low = int(limited.submit(limit_key="b").job_id)
    high = int(limited.submit(limit_key="c", priority=1).job_id)
    taken = claim_all(connection, worker, Limits(1))
    assert len(taken) == 3
    assert (taken[0], taken[2]) == (high, low)


def test_a_rate_counts_what_began(
    limited: Job[None, None], connection: Connection, worker: Worker
) -> None:
    limited.submit_many([None] * 5)
    limits = Limits(None, Rate(3, 60))
    taken = claim_all(connection, worker, limits)
    assert len(taken) == 3
    for job_id in taken:
        end(connection, worker, job_id, JobState.COMPLETED)
    assert claim(connection, worker, limits) == []
    connection.execute("UPDATE jobs.beginning SET began_at = began_at - interval '61 s'")
    assert len(claim_all(connection, worker, limits)) == 2
    connection.execute("UPDATE jobs.beginning SET began_at = began_at - interval '1 day'")
    run(connection, forget_beginnings(10))
    row = connection.execute("SELECT count(*) FROM jobs.beginning").fetchone()
    assert row == (0,)


@pytest.mark.parametrize("key", [None, "a"])
def test_limits_hold_for_what_comes_back(
    limited: Job[None, None], connection: Connection, worker: Worker, key: str | None
) -> None:
    submitted = limited.submit(limit_key=key)
    submitted.cancel()
    assert submitted.resume()
    other = limited.submit(limit_key=key)
    assert claim_all(connection, worker, Limits(1)) == [int(submitted.job_id)]
    submitted.cancel()
    assert claim_all(connection, worker, Limits(1)) == [int(other.job_id)]


def test_what_waited_before_there_were_limits_comes_under_them(
    limited: Job[None, None], dsn: str, connection: Connection, worker: Worker
) -> None:
    before = Jobs(dsn)
    waiting = [before.job(name="limited")(_noop).submit()]
    before.close()
    waiting.append(limited.submit())
    run(connection, limit_waiting("limited", 10))
    assert claim_all(connection, worker, Limits(1)) == [int(waiting[0].job_id)]


def test_what_is_claimed_meanwhile_is_left_as_it_was(
    limited: Job[None, None], dsn: str, connection: Connection, worker: Worker
) -> None:
    before = Jobs(dsn)
    job_id = int(before.job(name="limited")(_noop).submit().job_id)
    before.close()
    with connect(dsn, "leader") as leader:
        limiting = threading.Thread(target=run, args=(leader, limit_waiting("limited", 10)))
        with connection.transaction():
            assert [each.job_id for each in worker.claim("limited")] == [job_id]
            limiting.start()
            eventually(lambda: waits_for_a_lock(dsn, leader), 10, "it waits for the row")
        limiting.join(10)
    assert connection.execute("SELECT limit_key FROM jobs.job").fetchall() == [(None,)]
    assert claim_all(connection, worker, Limits(1)) == []


def waits_for_a_lock(dsn: str, who: Connection) -> bool:
    with connect(dsn, "tests") as other:
        blocking = "SELECT pg_blocking_pids(%s) <> '{}'"
        row = other.execute(blocking, [who.info.backend_pid]).fetchone()
    return row == (True,)


def test_what_goes_on_being_submitted_without_limits_comes_under_them(
    limited: Job[None, None], dsn: str, connection: Connection, worker: Worker
) -> None:
    older = Jobs(dsn)
    unlimited = older.job(name="limited")(_noop)
    limited.submit_many([None] * 20)
    delayed = unlimited.delay(60).submit()
    older.close()
    duty = Limiting({"limited": limited})
    duty.perform(connection, 0.0)
    connection.execute("UPDATE jobs.job SET ready = true, rank = -1 WHERE limit_key IS NULL")
    connection.execute("LISTEN jobs")
    assert claim(connection, worker, Limits(1)) != []
    assert duty.perform(connection, 1.0) == 2.0
    (told,) = connection.notifies(timeout=5, stop_after=1)
    assert told.payload == "wake 1 limited"
    assert claim(connection, worker, Limits(1)) == []
    (taken,) = claim(connection, worker, Limits(2))
    assert str(taken.job_id) == delayed.job_id


def test_who_claims_at_once_takes_no_more_together(
    limited: Job[None, None], dsn: str, connection: Connection
) -> None:
    limited.submit_many([None] * 100)
    taken: list[int] = []
    start = threading.Barrier(6)

    def take() -> None:
        with connect(dsn, "claimer") as own:
            worker = Worker(own)
            start.wait(10)
            taken.extend(claim_all(own, worker, Limits(7)))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken) == len(set(taken)) == 7
    row = connection.execute("SELECT count(*) FROM jobs.job WHERE claimed_by IS NOT NULL")
    assert row.fetchone() == (7,)
