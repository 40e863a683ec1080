"""Rows of pg-boss's tables <-> the plain data of `model`."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import msgspec

from jobs_runtime.executors.operation import Row
from jobs_runtime.executors.pgboss.defaults import KEEP_FOR
from jobs_runtime.model import Claim, JobRecord, JobState, Progress, Submission
from jobs_runtime.options import Options

SINGLETON_QUEUE = "__pgboss__singleton_queue"
"""Begins the singleton keys of jobs of which only one waits, however many run."""

COLUMNS = (
    "id", "name", "priority", "data", "state", "retrylimit", "retrycount", "retrydelay",
    "retrybackoff", "startafter", "startedon", "singletonkey", "singletonon", "expirein",
    "createdon", "completedon", "keepuntil", "on_complete", "output", "archivedon",
)  # fmt: skip
"""Node's names, in the order in which `details.sql` reads them."""


def read_claims(rows: list[Row]) -> list[Claim]:
    """Claims in the order in which they are to be performed."""
    return [_read_claim(row) for row in rows]


def _read_claim(row: Row) -> Claim:
    (lease, job_id, name, priority, retries, data) = row[:6]
    (retry_limit, retry_delay, retry_backoff, expire_in, waited, deaths, longest) = row[6:]
    return Claim(
        job_id=lease,
        name=name,
        rank=-priority,
        attempt=deaths + retries + 1,
        deaths=deaths,
        args=data,
        options=_options(priority, retry_limit, retry_delay, retry_backoff, expire_in, longest),
        waited=waited,
        submitted_id=job_id,
    )


@lru_cache(maxsize=1024)
def _options(
    priority: int,
    retry_limit: int,
    retry_delay: int,
    retry_backoff: bool,
    expire_in: float,
    longest: int | None,
) -> Options:
    return Options(
        priority=priority,
        retry_limit=retry_limit,
        retry_delay=float(retry_delay),
        retry_backoff=retry_backoff,
        retry_max_delay=None if longest is None else float(longest),
        expire_in=expire_in,
    )


def read_row(rows: list[Row]) -> dict[str, Any] | None:
    """A job as Node's `getJobById` gives it, None if there is none."""
    if not rows:
        return None
    row: dict[str, Any] = dict(zip(COLUMNS, rows[0], strict=False))
    if row["archivedon"] is None:
        del row["archivedon"]
    for column in ("data", "output"):
        row[column] = None if row[column] is None else msgspec.json.decode(row[column])
    return row


def read_record(rows: list[Row]) -> JobRecord | None:
    """The job that was looked up, None if there is none."""
    row = read_row(rows)
    if row is None:
        return None
    return as_record(row, _read_options(row), rows[0][-3:])


def as_record(row: dict[str, Any], options: Options, ours: Row) -> JobRecord:
    """A job by Node's row of it.

    Args:
        row: the columns that every version has, by their names in version 20.
        options: what it was submitted with.
        ours: its progress, its deaths, and since when the attempt had run that died last.
    """
    progress, deaths, died_since = ours
    # The row counts the attempts that took no worker down.
    counted = row["startedon"] not in (None, died_since)
    return JobRecord(
        job_id=row["id"],
        name=row["name"],
        queue=row["name"],
        state=JobState(row["state"]),
        priority=row["priority"],
        attempt=deaths + row["retrycount"] + counted,
        deaths=deaths,
        args=row["data"],
        options=options,
        created_at=row["createdon"],
        start_after=row["startafter"] if row["startafter"] > row["createdon"] else None,
        started_at=row["startedon"],
        finished_at=row["completedon"],
        progress=None if progress is None else msgspec.json.decode(progress, type=Progress),
        output=_unwrapped(row["output"]),
    )


def _read_options(row: dict[str, Any]) -> Options:
    key: str | None = row["singletonkey"]
    queued = key is not None and key.startswith(SINGLETON_QUEUE)
    return Options(
        priority=row["priority"],
        retry_limit=row["retrylimit"],
        retry_delay=float(row["retrydelay"]),
        retry_backoff=row["retrybackoff"],
        expire_in=cast("timedelta", row["expirein"]).total_seconds(),
        singleton_key=key.removeprefix(SINGLETON_QUEUE) if queued and key else key,
        singleton_queue=queued,
        keep_for=(row["keepuntil"] - row["startafter"]).total_seconds(),
        on_complete=row["on_complete"] or None,
    )


def _unwrapped(output: object) -> object:
    """What a perform function returned: pg-boss keeps objects as they are, `{"value": x}` else."""
    if isinstance(output, dict):
        found = cast("dict[str, object]", output)
        if found.keys() == {"value"} and not isinstance(found["value"], dict):
            return found["value"]
        return found
    return output


def submission_row(submission: Submission) -> dict[str, object]:
    """The columns of a submission, with its moment as `at` or `delay`."""
    options = submission.options
    start_after = options.start_after
    key = options.singleton_key
    return {
        "name": submission.name,
        "priority": options.priority,
        "data": submission.args,
        "retry_limit": options.retry_limit,
        "retry_delay": int(options.retry_delay),
        "retry_backoff": options.retry_backoff,
        "at": start_after if isinstance(start_after, datetime) else None,
        "delay": start_after if isinstance(start_after, float) and start_after > 0 else None,
        "expire_in": options.expire_in,
        "keep_for": options.keep_for or KEEP_FOR,
        "on_complete": options.on_complete is True,
        "singleton_key": SINGLETON_QUEUE + key if key and options.singleton_queue else key,
        "slot_seconds": options.singleton_seconds,
        "next_slot": options.singleton_next_slot,
    }


def key(job_id: str) -> dict[str, object]:
    """The row's key; an id that is not one of pg-boss's names no row."""
    try:
        return {"id": str(UUID(job_id))}
    except ValueError:
        return {"id": str(UUID(int=0))}
