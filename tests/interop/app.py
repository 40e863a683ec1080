"""Jobs that Node sends, or performs, too: they do what they are told, as the driver's do."""

from __future__ import annotations

import os
import signal
import time
from functools import cache
from typing import Any

import psycopg

from jobs_runtime import Context, Jobs

jobs = Jobs()

Data = dict[str, Any] | None


@cache
def database() -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@jobs.job(executor="PgBoss")
def shared(args: Data, context: Context) -> Any:
    """Performed by Node and Python alike."""
    told = args or {}
    ends = time.monotonic() + told.get("sleep", 0)
    while time.monotonic() < ends:
        context.raise_if_cancelled()
        time.sleep(0.01)
    if "raise" in told:
        raise ValueError(told["raise"])
    return told.get("give", {"by": "python"})


@jobs.job(executor="PgBoss")
def counted(args: dict[str, int]) -> None:
    """Leaves a row."""
    database().execute("INSERT INTO performed (n) VALUES (%s)", [args["n"]])


@jobs.job(executor="PgBoss")
def die_once(_args: Data, context: Context) -> dict[str, int]:
    if context.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"attempt": context.attempt}
