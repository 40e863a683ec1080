"""The length of the history does not slow claims: they never look at it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from jobs_runtime.database import Connection, connect
from tests.integration.databases import copied
from tests.integration.shop import Worker

BATCH = 200

FINISHED = """
INSERT INTO jobs.finished (id, created_at, started_at, rank, state, attempt, deaths, queue, name,
                           args)
SELECT id, now(), now(), 0, 'completed', 1, 0, 'double', 'double', to_json(id)
FROM generate_series(1, %s) AS id
"""

WAITING = """
INSERT INTO jobs.job (queue, name, args)
SELECT 'double', 'double', to_json(id) FROM generate_series(1, %s) AS id
"""


@pytest.fixture
def pair(server_dsn: str, template: str) -> Iterator[tuple[Connection, Connection]]:
    """Two databases on one server."""
    with ExitStack() as stack:
        dsns = [stack.enter_context(copied(server_dsn, template)) for _ in range(2)]
        first, second = (stack.enter_context(connect(dsn, "tests")) for dsn in dsns)
        yield first, second


def seconds(connection: Connection, worker: Worker, jobs: int) -> float:
    """How long it takes to claim and finish so many jobs."""
    connection.execute(WAITING, [jobs])
    began = time.perf_counter()
    while claims := worker.claim(limit=BATCH):
        worker.finish(*(claim.job_id for claim in claims))
    return time.perf_counter() - began


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("rows", "jobs", "rounds", "least"),
    [(50_000, 1_000, 7, 0.6), pytest.param(10_000_000, 4_000, 25, 0.95, marks=pytest.mark.long)],
)
def test_the_rate_is_that_of_an_empty_history(
    pair: tuple[Connection, Connection], rows: int, jobs: int, rounds: int, least: float
) -> None:
    empty, full = pair
    full.execute(FINISHED, [rows])
    full.execute("SELECT setval('jobs.job_id_seq', %s)", [rows + 1])
    for connection in pair:
        connection.execute("VACUUM ANALYZE")
    full.execute("CHECKPOINT")
    workers = [Worker(connection) for connection in pair]
    for connection, worker in zip(pair, workers, strict=True):
        seconds(connection, worker, jobs)
    ratios = [
        seconds(empty, workers[0], jobs) / seconds(full, workers[1], jobs) for _ in range(rounds)
    ]
    ratio = statistics.median(ratios)
    print(f"claims with {rows:,} finished jobs: {ratio:.3f} of the rate with none")
    assert ratio >= least
