"""What schedules have fired and workers performed, as the tables tell."""

from __future__ import annotations

import time

import psycopg

from jobs_runtime.database import Connection, connect

TICKS = "SELECT extract(epoch FROM tick)::bigint FROM jobs.tick WHERE schedule = 'tick' ORDER BY 1"
SUBMITTED = """
SELECT extract(epoch FROM (options ->> 'tick')::timestamptz)::bigint
FROM (SELECT name, options FROM jobs.job UNION ALL SELECT name, options FROM jobs.finished) AS each
WHERE name = 'tick'
ORDER BY 1
"""


def seconds(connection: Connection, query: bytes) -> list[int]:
    return [row[0] for row in connection.execute(query)]


def ticks(connection: Connection) -> list[int]:
    """Those that were fired, in seconds since the epoch."""
    return seconds(connection, TICKS.encode())


def assert_each_tick_once(connection: Connection, at_least: int) -> None:
    """No second between the first tick and the last is missing, and each had one job."""
    fired, submitted = ticks(connection), seconds(connection, SUBMITTED.encode())
    assert len(fired) >= at_least
    assert fired == list(range(fired[0], fired[-1] + 1))
    assert submitted == fired


def reconnected(dsn: str, within: float) -> Connection:
    """Connect as soon as the server answers.

    Raises:
        AssertionError: it did not within so many seconds.
    """
    ends = time.monotonic() + within
    while True:
        try:
            return connect(dsn, "tests", timeout=1)
        except psycopg.Error as error:
            if time.monotonic() > ends:
                raise AssertionError(f"not within {within} s: it answers") from error
            time.sleep(0.02)
