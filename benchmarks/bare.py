"""The limits: our statements in bare psycopg loops, and the jobs' work in bare processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from importlib import import_module
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.types.json import Json

from benchmarks.environments import ROOT
from benchmarks.moments import Performed
from benchmarks.server import fresh_database, settle
from benchmarks.submitting import ARGS, Producer
from benchmarks.workloads import Figures
from benchmarks.workloads.cpu import COUNT, JOB, WORKERS, figures
from benchmarks.workloads.enqueue import CLIENTS, name, one_by_one
from benchmarks.workloads.throughput import WAITING
from jobs_runtime.database import connect
from jobs_runtime.executors.operation import Operation, Row, run
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.executors.postgres.migrate import migrate
from jobs_runtime.executors.postgres.statements import statement
from jobs_runtime.executors.protocol import START, Position
from jobs_runtime.executors.together import run_together
from jobs_supervisor.worker.pace import LARGEST


def throughput(server_dsn: str, scale: float) -> Figures:
    """W1: claim and finish until the queue is empty."""
    dsn, count = migrated(server_dsn), int(WAITING * scale)
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO jobs.job (queue, name, args)"
            " SELECT 'noop', 'noop', %s::json FROM generate_series(1, %s)",
            [Json(ARGS), count],
        )
    settle(dsn)
    seconds = together(WORKERS, _drain, dsn)
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM jobs.finished").fetchone()
    assert row == (count,), f"{row} of {count} jobs are in the history"
    return {"performed, jobs/s": count / seconds}


def cpu(server_dsn: str, scale: float) -> Figures:
    """W3: the same jobs, half of them in each of two processes."""
    count = max(20, int(COUNT * scale))
    with TemporaryDirectory() as directory, closing(Performed(Path(directory))) as performed:
        together(WORKERS, _work, directory, count // WORKERS)
        return figures(count, performed)


def enqueue(server_dsn: str, scale: float) -> Figures:
    """W7: one INSERT a job, which announces nothing, from processes like a contestant's.

    Forked ones are faster, by more than what is to be measured.
    """
    figures: Figures = {}
    for clients in CLIENTS:
        with _producers(migrated(server_dsn), clients) as producers:
            figures[name(clients)] = one_by_one(producers, scale)
    return figures


def migrated(server_dsn: str) -> str:
    """An empty database with our schema."""
    dsn = fresh_database(server_dsn, "bench")
    with connect(dsn, "bench") as connection:
        migrate(connection)
    return dsn


def together(count: int, target: Callable[..., None], *args: object) -> float:
    """Run a function in several processes at once; gives seconds, forking not counted."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(count + 1)
    processes = [context.Process(target=target, args=(barrier, *args)) for _ in range(count)]
    for process in processes:
        process.start()
    barrier.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
    assert all(process.exitcode == 0 for process in processes), "a bare process failed"
    return time.perf_counter() - began


@contextmanager
def _producers(dsn: str, count: int) -> Generator[list[Producer]]:
    command = [sys.executable, "-m", "benchmarks.inside.producer", "benchmarks.inside.bare"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": dsn}
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory()))
        yield [stack.enter_context(Producer(command, env, directory / "log")) for _ in range(count)]


def _work(barrier: Barrier, directory: str, count: int) -> None:
    os.environ["BENCH_DIRECTORY"] = directory
    work = import_module("benchmarks.inside.work")  # asks where to write when it is imported
    barrier.wait()
    for _ in range(count):
        work.perform(JOB)


def _drain(barrier: Barrier, dsn: str) -> None:
    executor = PostgresExecutor()
    with connect(dsn, "bench") as connection:
        incarnation = run(connection, executor.register_worker("bench", 1, 1))
        barrier.wait()
        after, ids = START, list[int]()
        while True:
            claim = executor.claim("noop", ["noop"], after, LARGEST, incarnation)
            operations = [Operation(claim.sql, claim.parameters, _raw)]
            if ids:
                operations.insert(0, _finish(ids, incarnation))
            rows = run_together(connection, operations)[-1]
            if not rows:
                return
            ids = sorted(row[0] for row in rows)
            after = Position(0, ids[-1])


def _finish(ids: list[int], incarnation: int) -> Operation[list[Row]]:
    parameters = {
        "ids": f"{{{','.join(map(str, ids))}}}",
        "microseconds": f"{{{','.join(['0'] * len(ids))}}}",
        "outputs": None,
        "death": 0,
        "state": "completed",
        "incarnation": incarnation,
    }
    return Operation(statement("finish"), parameters, _raw)


def _raw(rows: list[Row]) -> list[Row]:
    return rows
