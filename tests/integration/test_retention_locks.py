"""Keeping the history holds nobody up: no claim waits 50 ms for its locks, no statement takes 1 s.

A claim may wait for another worker's: on a busy disk for longer than that.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime, timedelta
from functools import partial

import psycopg
import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.postgres.partitions import create_partitions
from jobs_runtime.executors.postgres.retiring import clear_retired, retire_partitions
from jobs_supervisor.scheduler.expiry import Expiry
from jobs_supervisor.scheduler.retention import Retention
from tests.integration.shop import Worker, number
from tests.support.pool import eventually
from tests.support.server import Server, servers

DAYS = 3

AT_ONCE = 12_000
"""Rows that the test itself brings with one statement."""

HISTORY = """
INSERT INTO jobs.finished (id, created_at, finished_at, rank, state, attempt, deaths, queue, name,
                           keep_until)
SELECT id, now(), %(day)s, 0, 'completed', 1, 0, 'history', 'name',
       CASE id %% 3 WHEN 0 THEN now() + interval '1 day' WHEN 1 THEN now() END
FROM generate_series(1, %(jobs)s) AS id
"""

WAITING = """
INSERT INTO jobs.job (queue, name, args, keep_until)
SELECT 'double', 'double', to_json(id), CASE WHEN id %% 2 = 0 THEN now() END
FROM generate_series(1, %s) AS id
"""

KEPT = "SELECT count(*) FROM jobs.finished WHERE queue = 'history'"
TOO_LATE = "SELECT count(*) FROM jobs.job WHERE keep_until < now() AND claimed_by IS NULL"

HELD = re.compile(r"holding the lock: ([\d, ]+)\.")

SLOW = {"deadlock_timeout": "50ms", "log_lock_waits": "on", "log_min_duration_statement": "1s"}


def work(dsn: str, ends: threading.Event, done: list[int]) -> None:
    """Claim and finish until told to end."""
    with connect(dsn, "worker") as connection:
        worker = Worker(connection)
        while not ends.is_set():
            finished = worker.finish(*(claim.job_id for claim in worker.claim(limit=10)))
            done.append(len(finished))


def keep_the_history(connection: Connection, jobs: int) -> None:
    """Make, fill and retire one day after the other."""
    today = datetime.now(UTC).replace(hour=12)
    for age in range(DAYS, 0, -1):
        create_partitions(connection, today.date() - timedelta(days=age))
        values = {"day": today - timedelta(days=age), "jobs": AT_ONCE}
        for _ in range(jobs // AT_ONCE):
            connection.execute(HISTORY, values)
    for age in range(DAYS, 0, -1):
        as_of = today.date() - timedelta(days=age - 2)
        eventually(partial(retire, connection, as_of), 30, "its lock is to be had at once")
        while clear_retired(connection, 1000):
            continue
    for duty in (Expiry(), Retention(1)):
        while duty.perform(connection, 0.0) == 0.0:
            continue


def retire(connection: Connection, as_of: date) -> bool:
    """Take off the one partition that is older than a day."""
    return len(retire_partitions(connection, 1, as_of)) == 1


def complaints(server: Server, holder: int) -> list[str]:
    """What the server says of slow statements, and of waits for the locks of one process."""
    lines = server.log.splitlines()
    return [line for line in lines if "duration:" in line or str(holder) in holders(line)]


def holders(line: str) -> list[str]:
    """The processes that a line says are waited for."""
    held = HELD.search(line)
    return held[1].split(", ") if held else []


def hold_up_for(seconds: float, dsn: str) -> int:
    """Have a statement wait for a lock; gives the process that held it."""
    with connect(dsn, "worker") as waiter, psycopg.connect(dsn) as holder:
        holder.execute("LOCK TABLE jobs.finished")
        timer = threading.Timer(seconds, holder.commit)
        timer.start()
        waiter.execute("SELECT count(*) FROM jobs.finished")
        timer.join()
        return holder.info.backend_pid


@pytest.mark.timeout(600)
@pytest.mark.parametrize("jobs", [12_000, pytest.param(1_200_000, marks=pytest.mark.long)])
def test_nobody_is_held_up(jobs: int) -> None:
    with servers(1, **SLOW) as (server,):
        server.create()
        ends, done = threading.Event(), list[int]()
        workers = [threading.Thread(target=work, args=(server.dsn, ends, done)) for _ in range(2)]
        with connect(server.dsn, "history") as connection:
            keeper = connection.info.backend_pid
            for _ in range(jobs // AT_ONCE):
                connection.execute(WAITING, [AT_ONCE])
            for each in workers:
                each.start()
            keep_the_history(connection, jobs)
            ends.set()
            for each in workers:
                each.join(30)
            assert number(connection, KEPT) == DAYS * jobs // 3
            assert number(connection, TOO_LATE) == 0
        assert sum(done) > 100
        assert complaints(server, keeper) == []
        holder = hold_up_for(1.1, server.dsn)
        assert len(complaints(server, holder)) >= 2
