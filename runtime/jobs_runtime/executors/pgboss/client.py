"""The operations of an application on the tables of a pg-boss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from jobs_runtime.executors.copying import Copy, field, line
from jobs_runtime.executors.operation import Operation, Row, nothing
from jobs_runtime.executors.pgboss import rules
from jobs_runtime.executors.pgboss.codecs import JsonbCodec, ObjectCodec
from jobs_runtime.executors.pgboss.rows import key, read_record, read_row, submission_row
from jobs_runtime.executors.pgboss.statements import statement
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.executors.protocol import PG_BOSS_EXECUTOR_NAME, Reserved
from jobs_runtime.model import Cancellation, JobRecord, Pause, Stored, Submission
from jobs_runtime.options import Options
from jobs_runtime.payload import Codec

if TYPE_CHECKING:
    from jobs_runtime.job import Job

DEFAULTS: Mapping[str, object] = {}


class PgBossClient:
    """Submits and looks after jobs in the tables of pg-boss.

    Args:
        schema: where they are.
        defaults: options weaker than all others.
    """

    name = PG_BOSS_EXECUTOR_NAME
    argument_codec: type[Codec[Any]] = ObjectCodec
    result_codec: type[Codec[Any]] = JsonbCodec

    def __init__(self, schema: str, defaults: Mapping[str, object] = DEFAULTS) -> None:
        self.schema = schema
        self.defaults = defaults
        self._pauses = PostgresExecutor()
        self.timetable = self._pauses.timetable

    def check_job(self, job: Job[Any, Any]) -> None:
        """Refuse what pg-boss's tables cannot keep.

        Raises:
            DeclarationError: with what that is.
        """
        rules.check_job(job)

    def check_options(self, name: str, options: Options) -> None:
        """Refuse what pg-boss's tables cannot keep.

        Raises:
            OptionError: with what that is.
        """
        rules.check_options(name, options)

    def submit(self, submission: Submission) -> Operation[Stored | None]:
        """Store one job; gives None if it is to be tried again at once."""
        options, name = submission.options, "submit"
        if options.unique:
            name = "submit_throttled" if options.singleton_seconds else "submit_singleton"
        return Operation(self._statement(name), submission_row(submission), _stored)

    def reserve(self, count: int) -> Operation[Reserved]:
        """Take ids for a bulk submit."""
        return Operation(
            self._statement("reserve"), {"count": count}, lambda rows: Reserved(*rows[0])
        )

    def copy(self, reserved: Reserved, submissions: Sequence[Submission]) -> Copy:
        """Store many jobs under reserved ids."""
        rows = [
            _copy_row(job_id, submission, reserved.now)
            for job_id, submission in zip(reserved.ids, submissions, strict=True)
        ]
        if submissions[0].options.start_after is None:
            lines = (line(*map(field, row[:-1])) for row in rows)
            return Copy(self._statement("submit_copy"), lines)
        return Copy(self._statement("submit_copy_later"), (line(*map(field, row)) for row in rows))

    def wake(self, queue: str, count: int) -> Operation[None]:
        """Tell waiting workers of a bulk submit."""
        return self._pauses.wake(queue, count)

    def details(self, job_id: str) -> Operation[JobRecord | None]:
        """Look a job up, finished or not."""
        return Operation(self._statement("details"), key(job_id), read_record)

    def row(self, job_id: str) -> Operation[dict[str, Any] | None]:
        """Look a job up, as Node's `getJobById` does."""
        return Operation(self._statement("details"), key(job_id), read_row)

    def watch(self, job_id: str) -> Operation[None]:
        """Have the job's end notified."""
        return Operation(self._statement("watch"), key(job_id), nothing)

    def unwatch(self, job_id: str) -> Operation[None]:
        """End one watch of the job."""
        return Operation(self._statement("unwatch"), key(job_id), nothing)

    def cancel(self, job_id: str) -> Operation[Cancellation]:
        """Cancel a job."""
        return Operation(self._statement("cancel"), key(job_id), _cancellation)

    def resume(self, job_id: str) -> Operation[bool]:
        """Put a cancelled job back; gives whether that was possible."""
        return self._restore(job_id, ["cancelled"], afresh=False)

    def retry(self, job_id: str) -> Operation[bool]:
        """Perform a failed or expired job anew; gives whether that was possible."""
        return self._restore(job_id, ["failed", "expired"], afresh=True)

    def pause(self, pause: Pause) -> Operation[None]:
        """Have nothing more claimed of a queue or a job, except by Node."""
        return self._pauses.pause(pause)

    def unpause(self, pause: Pause, queue: str | None) -> Operation[bool]:
        """End a pause, and wake who waits for `queue`; gives whether there was one."""
        return self._pauses.unpause(pause, queue)

    def paused(self) -> Operation[list[Pause]]:
        """What is paused."""
        return self._pauses.paused()

    def subscribers(self, event: str) -> Operation[list[str]]:
        """The queues that subscribe to an event."""
        return Operation(
            self._statement("subscribers"), {"event": event}, lambda rows: [row[0] for row in rows]
        )

    def subscribe(self, event: str, name: str) -> Operation[None]:
        """Have a queue subscribe to an event."""
        return Operation(self._statement("subscribe"), {"event": event, "name": name}, nothing)

    def unsubscribe(self, event: str, name: str) -> Operation[bool]:
        """End a subscription; gives whether there was one."""
        return Operation(self._statement("unsubscribe"), {"event": event, "name": name}, bool)

    def _restore(self, job_id: str, states: list[str], *, afresh: bool) -> Operation[bool]:
        parameters = {**key(job_id), "states": states, "afresh": afresh}
        return Operation(self._statement("restore"), parameters, bool)

    def _statement(self, name: str) -> bytes:
        return statement(name, self.schema)


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


def _cancellation(rows: list[Row]) -> Cancellation:
    if not rows:
        return Cancellation.NOTHING
    return Cancellation.INTERRUPTED if rows[0][0] else Cancellation.UNQUEUED
