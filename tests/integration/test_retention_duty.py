"""The leader's hourly duty: what it forgets, and when it looks again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.executors.postgres.partitions import attached, create_partitions
from jobs_supervisor.scheduler.retention import EVERY, SOON, Retention
from tests.integration.shop import number

WAITERS = """
INSERT INTO jobs.pgboss_waiter (job_id, asked_at)
SELECT gen_random_uuid(), now() - hours * interval '1 hour' FROM unnest(%s::int[]) AS hours
"""


def look(connection: Connection, duty: Retention) -> float:
    """Perform it until there is nothing more to do; gives in how many seconds it looks again."""
    while (again := duty.perform(connection, 100.0)) == 100.0:
        continue
    return again - 100.0


def test_a_partition_that_is_in_use_is_tried_again_after_a_minute(
    dsn: str, connection: Connection
) -> None:
    day = datetime.now(UTC).date() - timedelta(days=30)
    (old, *_) = create_partitions(connection, day)
    duty = Retention(7)
    with psycopg.connect(dsn) as reader:
        reader.execute(f"SELECT FROM jobs.{old}".encode())
        assert look(connection, duty) == SOON
        assert old in attached(connection)
    assert look(connection, duty) == EVERY
    assert old not in attached(connection)


def test_whoever_waited_for_a_job_of_a_pg_boss_and_died_is_forgotten(
    connection: Connection,
) -> None:
    connection.execute(WAITERS, [[25, 23]])
    look(connection, Retention(7))
    assert number(connection, "SELECT count(*) FROM jobs.pgboss_waiter") == 1
