"""A pool with nothing to do: it hardly asks, and is there in milliseconds when a job is due."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from jobs_runtime.database import connect
from jobs_supervisor.scheduler import due, leadership, listening, rescue
from tests.apps import hosts
from tests.support.pool import Pool, eventually
from tests.support.server import Server, servers

pytestmark = pytest.mark.measures

DELAYED = """
INSERT INTO jobs.job (queue, name, ready, start_after)
SELECT 'work', 'work', false, now() + interval '1 day' + id * interval '1 second'
FROM generate_series(1, %s) AS id
"""

STATEMENT = re.compile(r"^(jobs: [^|]*)\|LOG:  (?:statement|execute \w+|execute <unnamed>): (.*)$")

LISTENS_FOR = 3.0
"""Seconds."""

PROBE = "-- Which queues have work, each with the rank of its first job; takes no lock."

OFTEN = {
    ("jobs: scheduler", PROBE): listening.POLL_EVERY,
    ("jobs: leadership", "-- Seconds until the next job becomes due."): due.LOOK,
    ("jobs: leadership", leadership.HOLDS_LOCK.decode().splitlines()[0]): leadership.CHECK_EVERY,
}
RARELY = rescue.RECONCILE_EVERY
"""Seconds between two of a session's statement; all but those in `OFTEN` are asked `RARELY` or more
seldom. How many of these fall into the time listened to is by chance, so they are not added up."""


@pytest.fixture
def server() -> Iterator[Server]:
    with servers(1, log_statement="all") as (server,):
        server.create()
        yield server


def statements(log: str) -> Counter[tuple[str, str]]:
    """How often each session's statements, by their first lines, were executed."""
    found = (STATEMENT.match(line) for line in log.splitlines())
    return Counter((match[1], match[2]) for match in found if match)


@pytest.mark.parametrize(
    ("delayed", "late"),
    [(50_000, 0.1), pytest.param(1_000_000, 0.02, marks=pytest.mark.long)],
)
def test_it_asks_no_more_than_once_a_second_and_starts_jobs_on_time(
    server: Server, delayed: int, late: float
) -> None:
    with connect(server.dsn, "tests") as connection:
        connection.execute(DELAYED, [delayed])
        connection.execute("ANALYZE jobs.job")
    pool = Pool(server.dsn)
    hosts.jobs.database.given_dsn = server.dsn
    try:
        running = pool.start(app="tests.apps.idle", workers=2)
        eventually(lambda: "this scheduler leads" in running.log, 10, "it leads")
        time.sleep(2)  # until what is done once at the start is done
        before = len(server.log)
        time.sleep(LISTENS_FOR)
        asked = statements(server.log[before:])
        assert asked, "the log tells nothing"
        assert set(OFTEN) <= set(asked), asked
        for (session, statement), times in asked.items():
            period = OFTEN.get((session, statement), RARELY)
            assert times <= LISTENS_FOR / period + 1, (session, statement)
        assert sorted(lateness(server) for _ in range(5))[2] < late
        assert running.stop() == 0
    finally:
        hosts.jobs.close()
        pool.stop_all()


def lateness(server: Server) -> float:
    """Seconds from the time of a delayed job until it was begun, by the database's clock."""
    record = hosts.work.delay(0.3).submit(0.0).wait(10)
    assert record.started_at is not None
    assert record.start_after is not None
    return (record.started_at - record.start_after).total_seconds()
