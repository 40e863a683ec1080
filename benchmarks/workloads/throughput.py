"""W1: how many no-op jobs a second, from a full queue, the whole history kept.

Beside it the limit: bare processes that run our claim and finish statements and nothing else.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import time

import psycopg

from benchmarks.application import jobs, noop
from benchmarks.pool import supervisor
from benchmarks.server import fresh_database, settle
from jobs_runtime.database import connect
from jobs_runtime.executors.operation import run, run_together
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.executors.postgres.migrate import migrate
from jobs_runtime.executors.protocol import START, Position
from jobs_runtime.model import JobState, Outcome

ARGS: dict[str, object] = {"invoice": 4711, "text": "x" * 72}
BATCH = 500
WORKERS = 2


def measure(server_dsn: str, count: int) -> dict[str, float]:
    """Submit `count` jobs in bulk, have two workers perform them; then the bare loop likewise."""
    dsn, submitted = _loaded(server_dsn, count)
    with supervisor(dsn, WORKERS):
        _wait_finished(dsn, count)
    performed = _jobs_a_second(dsn, count)
    dsn, _ = _loaded(server_dsn, count)
    bare = _bare_loop(dsn)
    return {
        "submit_many, jobs/s": submitted,
        "performed, jobs/s": performed,
        "bare SQL loop, jobs/s": bare,
        "performed / bare loop": performed / bare,
    }


def _loaded(server_dsn: str, count: int) -> tuple[str, float]:
    dsn = fresh_database(server_dsn, "bench")
    with connect(dsn, "bench") as connection:
        migrate(connection)
    jobs.database.given_dsn = dsn
    began = time.perf_counter()
    noop.submit_many([ARGS] * count)
    seconds = time.perf_counter() - began
    jobs.close()
    settle(dsn)
    return dsn, count / seconds


def _wait_finished(dsn: str, count: int) -> None:
    # The sequence of the table is not enough: only a count says that all of them are done.
    with psycopg.connect(dsn, autocommit=True) as connection:
        while connection.execute("SELECT EXISTS (SELECT FROM jobs.job)").fetchone() == (True,):
            time.sleep(0.25)
        row = connection.execute("SELECT count(*) FROM jobs.finished").fetchone()
        assert row == (count,), f"{row} of {count} jobs are in the history"


def _jobs_a_second(dsn: str, count: int) -> float:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT extract(epoch FROM max(finished_at) - min(finished_at))::float8"
            " FROM jobs.finished"
        ).fetchone()
    assert row is not None
    return count / row[0]


def _bare_loop(dsn: str) -> float:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(WORKERS + 1)
    processes = [context.Process(target=_drain, args=(dsn, barrier)) for _ in range(WORKERS)]
    for process in processes:
        process.start()
    barrier.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM jobs.finished").fetchone()
    assert row is not None
    return row[0] / (time.perf_counter() - began)


def _drain(dsn: str, barrier: multiprocessing.synchronize.Barrier) -> None:
    executor = PostgresExecutor()
    with connect(dsn, "bench") as connection:
        incarnation = run(connection, executor.register_worker("bench", 1, 1))
        barrier.wait()
        after, outcomes = START, list[Outcome]()
        while True:
            operations = executor.settle(outcomes, incarnation)
            claim = executor.claim("noop", ["noop"], after, BATCH, incarnation)
            claims = run_together(connection, [*operations, claim])[-1]
            if not claims:
                return
            after = Position(claims[-1].rank, claims[-1].job_id)
            outcomes = [Outcome(claim.job_id, JobState.COMPLETED, 0.0) for claim in claims]
