"""An application's operations on the tables of pg-boss 7.4 to 9.0: jobs, and an archive."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from jobs_runtime.executors.copying import Copy, field, line
from jobs_runtime.executors.operation import Operation, Row, nothing
from jobs_runtime.executors.pgboss.rows import key, read_record, read_row, submission_row
from jobs_runtime.executors.pgboss.schema import Layout
from jobs_runtime.executors.pgboss.statements import statement
from jobs_runtime.executors.protocol import Reserved
from jobs_runtime.model import JobRecord, Stored, Submission


class FlatTables:
    """The operations that are other than on later tables.

    Args:
        layout: of the tables.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def submit(self, submission: Submission) -> Operation[Stored | None]:
        """Store one job; gives None if it is to be tried again at once."""
        options, name = submission.options, "submit"
        if options.unique:
            name = "submit_throttled" if options.singleton_seconds else "submit_singleton"
        return Operation(statement(name, self.layout), submission_row(submission), _stored)

    def copy(self, reserved: Reserved, submissions: Iterable[Submission]) -> Copy:
        """Store many jobs under reserved ids."""
        every = list(submissions)
        rows = [
            _copy_row(job_id, submission, reserved.now)
            for job_id, submission in zip(reserved.ids, every, strict=True)
        ]
        if every[0].options.start_after is None:
            lines = (line(*map(field, row[:-1])) for row in rows)
            return Copy(statement("submit_copy", self.layout), lines)
        lines = (line(*map(field, row)) for row in rows)
        return Copy(statement("submit_copy_later", self.layout), lines)

    def details(self, job_id: str) -> Operation[JobRecord | None]:
        """Look a job up, finished or not."""
        return Operation(statement("details", self.layout), key(job_id), read_record)

    def row(self, job_id: str) -> Operation[dict[str, Any] | None]:
        """Look a job up, as Node's `getJobById` does."""
        return Operation(statement("details", self.layout), key(job_id), read_row)

    def subscribe(self, event: str, name: str) -> Operation[None]:
        """Have a queue subscribe to an event."""
        parameters = {"event": event, "name": name}
        return Operation(statement("subscribe", self.layout), parameters, nothing)


def _copy_row(job_id: int | str, submission: Submission, now: datetime) -> tuple[object, ...]:
    row = submission_row(submission)
    delay, keep_for = row["delay"], row["keep_for"]
    at = now + timedelta(seconds=delay) if isinstance(delay, float) else row["at"]
    start_after = at if isinstance(at, datetime) else now
    assert isinstance(keep_for, float)
    return (
        *(job_id, row["name"], row["priority"], row["data"], row["retry_limit"]),
        *(row["retry_delay"], row["retry_backoff"]),
        timedelta(seconds=submission.options.expire_in),
        start_after + timedelta(seconds=keep_for),
        *(row["on_complete"], start_after),
    )


def _stored(rows: list[Row]) -> Stored | None:
    return Stored(rows[0][0], rows[0][1]) if rows else None
