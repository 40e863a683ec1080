"""What a run costs beside time: CPU, write-ahead log, commits, dead rows, size."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

import psutil
import psycopg

TOTALS = """
    SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8, xact_commit::float8
    FROM pg_stat_database
    WHERE datname = current_database()
"""
LEFT = """
    SELECT coalesce(sum(n_dead_tup), 0)::float8,
           coalesce(sum(pg_total_relation_size(relid)), 0)::float8
    FROM pg_stat_user_tables
    WHERE relid = %s::regclass
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals so far; the difference of two is what a run cost.

    Attributes:
        workers: CPU seconds of the workers' processes.
        server: CPU seconds of the server's.
        wal: bytes of write-ahead log.
        commits: transactions of the database.
    """

    workers: float = 0.0
    server: float = 0.0
    wal: float = 0.0
    commits: float = 0.0

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            self.workers - other.workers,
            self.server - other.server,
            self.wal - other.wal,
            self.commits - other.commits,
        )

    def per_job(self, jobs: int) -> dict[str, float]:
        """As figures."""
        figures = {
            "CPU of the workers per job, µs": 1e6 * self.workers / jobs,
            "CPU of the server per job, µs": 1e6 * self.server / jobs,
        }
        if self.wal:
            figures["WAL per job, bytes"] = self.wal / jobs
            figures["commits per job"] = self.commits / jobs
        return figures


def cpu_seconds(roots: Iterable[psutil.Process]) -> float:
    """CPU time of whole trees, the dead whom their parents have reaped included."""
    total = 0.0
    for root in roots:
        for process in tree(root):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])
    return total


def tree(root: psutil.Process) -> list[psutil.Process]:
    """A process and everything below it; nothing if it has ended."""
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def totals(dsn: str) -> tuple[float, float]:
    """Bytes of write-ahead log and commits so far."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(TOTALS).fetchone()
    assert row is not None
    return row[0], row[1]


def left_behind(dsn: str, table: str) -> dict[str, float]:
    """Dead rows in the table where jobs wait, and its size with its indexes."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(LEFT, [table]).fetchone()
    assert row is not None
    return {"dead rows": row[0], "table size, MB": row[1] / 1e6}
