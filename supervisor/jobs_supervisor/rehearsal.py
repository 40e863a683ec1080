"""What every child would do at first use, done once before the first fork: they share it then."""

from __future__ import annotations

import setproctitle
from psycopg import sql

from jobs_runtime.executors.postgres import statements


def rehearse() -> None:
    """Read the statements, have psycopg compile how lists are quoted, find the title's place."""
    statements.preload()
    sql.Literal([""]).as_bytes(None)
    setproctitle.getproctitle()
