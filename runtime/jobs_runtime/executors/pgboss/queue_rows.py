"""Rows of the tables of pg-boss 11 and 12 <-> the plain data of `model`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from jobs_runtime.executors.operation import Row
from jobs_runtime.executors.pgboss.rows import as_record
from jobs_runtime.executors.pgboss.schema import Layout
from jobs_runtime.model import JobRecord, Submission
from jobs_runtime.options import Follower, Options

KEYS = (
    "id", "name", "priority", "data", "policy", "state", "retryLimit", "retryCount", "retryDelay",
    "retryBackoff", "retryDelayMax", "startAfter", "startedOn", "singletonKey", "singletonOn",
    "expireInSeconds", "deleteAfterSeconds", "createdOn", "completedOn", "keepUntil", "deadLetter",
    "output",
)  # fmt: skip
"""Node's names, in the order in which `details.sql` reads them."""

OURS = ("progress", "deaths", "died_since")
"""What follows of our own tables."""

LATER_KEYS = {
    "job.group_id": ("groupId", "groupTier"),
    "job.heartbeat_on": ("heartbeatOn", "heartbeatSeconds"),
    "job.blocked": ("blocked", "blocking", "pendingDependencies"),
    "job.source_name": ("sourceName", "sourceId", "sourceCreatedOn", "sourceRetryCount"),
    "job.source_output": ("sourceOutput", "sourceRootId"),
}
"""Node's names that follow those where there is this column."""

JSON = ("data", "output", "sourceOutput")


def read_row(layout: Layout, rows: list[Row]) -> dict[str, Any] | None:
    """A job as Node's `getJobById` gives it, None if there is none."""
    if not rows:
        return None
    later = [key for column, keys in LATER_KEYS.items() if layout.has(column) for key in keys]
    values = (*rows[0][: len(KEYS)], *rows[0][len(KEYS) + len(OURS) :])
    row = dict(zip((*KEYS, *later), values, strict=True))
    for key in JSON:
        if row.get(key) is not None:
            row[key] = msgspec.json.decode(row[key])
    return row


def read_record(layout: Layout, rows: list[Row]) -> JobRecord | None:
    """The job that was looked up, None if there is none."""
    row = read_row(layout, rows)
    if row is None:
        return None
    ours = rows[0][len(KEYS) : len(KEYS) + len(OURS)]
    # Version 20 has the same names, in lower case.
    return as_record({key.lower(): value for key, value in row.items()}, _read_options(row), ours)


def _read_options(row: dict[str, Any]) -> Options:
    longest, letters = row["retryDelayMax"], row["deadLetter"]
    return Options(
        priority=row["priority"],
        retry_limit=row["retryLimit"],
        retry_delay=float(row["retryDelay"]),
        retry_backoff=row["retryBackoff"],
        retry_max_delay=None if longest is None else float(longest),
        expire_in=float(row["expireInSeconds"]),
        singleton_key=row["singletonKey"],
        keep_for=(row["keepUntil"] - row["startAfter"]).total_seconds(),
        keep_finished_for=float(row["deleteAfterSeconds"]),
        dead_letter=None if letters is None else Follower(letters, letters),
    )


def submission_row(submission: Submission) -> dict[str, Any]:
    """What a submission says; None for what it leaves to its queue."""
    options = submission.options
    start_after = options.start_after

    def said(key: str) -> Any:
        given = any(layer.get(key) is not None for layer in submission.layers)
        return getattr(options, key) if given else None

    retry_delay, expire_in = said("retry_delay"), said("expire_in")
    return {
        "name": submission.name,
        "priority": options.priority,
        "at": start_after if isinstance(start_after, datetime) else None,
        "delay": start_after if isinstance(start_after, float) and start_after > 0 else None,
        "keep_for": options.keep_for,
        "expire_in": None if expire_in is None else int(expire_in),
        "retry_limit": said("retry_limit"),
        "retry_delay": None if retry_delay is None else int(retry_delay),
        "retry_backoff": said("retry_backoff"),
        "singleton_key": options.singleton_key,
        "slot_seconds": options.singleton_seconds,
    }
