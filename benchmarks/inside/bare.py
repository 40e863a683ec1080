"""The limit of a submit, as a contestant's module: a plain INSERT that announces nothing."""

from __future__ import annotations

import json
import os
from functools import cache

from benchmarks.submitting import ARGS
from jobs_runtime.database import Connection, connect

STATEMENT = "INSERT INTO jobs.job (queue, name, args) VALUES ('noop', 'noop', %s::json)"
PARAMETERS = [json.dumps(ARGS)]


def submit(job: str, args: object, priority: int) -> None:
    """Store a no-op, on one connection that is kept."""
    _connection().execute(STATEMENT, PARAMETERS)


@cache
def _connection() -> Connection:
    return connect(os.environ["DATABASE_URL"], "bench")
