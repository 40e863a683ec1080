"""The operations of an application on the tables of a pg-boss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from jobs_runtime.executors.copying import Copy
from jobs_runtime.executors.operation import Operation, Row, first, nothing
from jobs_runtime.executors.pgboss import rules
from jobs_runtime.executors.pgboss.codecs import JsonbCodec, ObjectCodec
from jobs_runtime.executors.pgboss.defaults import ARCHIVE_AFTER
from jobs_runtime.executors.pgboss.flat_tables import FlatTables
from jobs_runtime.executors.pgboss.queue_tables import QueueTables
from jobs_runtime.executors.pgboss.rows import key
from jobs_runtime.executors.pgboss.schema import Fitness, look
from jobs_runtime.executors.pgboss.statements import statement
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.executors.protocol import PG_BOSS_EXECUTOR_NAME, Reserved
from jobs_runtime.model import Cancellation, JobRecord, Pause, Stored, Submission
from jobs_runtime.options import Options
from jobs_runtime.payload import Codec

if TYPE_CHECKING:
    from jobs_runtime.job import Job

Result = TypeVar("Result")
Tables = FlatTables | QueueTables

DEFAULTS: Mapping[str, object] = {}


class PgBossClient:
    """Submits and looks after jobs in the tables of pg-boss.

    Args:
        schema: where they are.
        defaults: options weaker than all others.

    Attributes:
        tables: what they are; None until an operation has been run.
    """

    name = PG_BOSS_EXECUTOR_NAME
    argument_codec: type[Codec[Any]] = ObjectCodec
    result_codec: type[Codec[Any]] = JsonbCodec

    def __init__(
        self,
        schema: str,
        defaults: Mapping[str, object] = DEFAULTS,
        archived_after: float = ARCHIVE_AFTER,
    ) -> None:
        self.schema = schema
        self._archived_after = archived_after
        self.defaults = defaults
        self.tables: Tables | None = None
        self._pauses = PostgresExecutor()
        self.timetable = self._pauses.timetable

    def check_job(self, job: Job[Any, Any]) -> None:
        """Refuse what pg-boss's tables cannot keep.

        Raises:
            DeclarationError: with what that is.
        """
        rules.check_job(job, self._archived_after)

    def check_options(self, name: str, options: Options) -> None:
        """Refuse what pg-boss's tables cannot keep.

        Raises:
            OptionError: with what that is.
        """
        rules.check_options(name, options, self._archived_after)

    def submit(self, submission: Submission, *, alone: bool = False) -> Operation[Stored | None]:
        """Store one job; gives None if it is to be tried again at once."""
        return self._on(lambda tables: tables.submit(submission))

    def reserve(self, count: int) -> Operation[Reserved]:
        """Take ids for a bulk submit."""
        return self._operation("reserve", {"count": count}, Reserved.read)

    def copy(self, reserved: Reserved, submissions: Iterable[Submission]) -> Copy | Operation[None]:
        """Store many jobs under ids that `reserve` gave."""
        assert self.tables is not None, "reserve was run"
        return self.tables.copy(reserved, submissions)

    def wake(self, queue: str, count: int, *, delayed: bool = False) -> Operation[None]:
        """Tell waiting workers of a bulk submit, and the leader of one with a delay."""
        return self._pauses.wake(queue, count, delayed=delayed)

    def details(self, job_id: str) -> Operation[JobRecord | None]:
        """Look a job up, finished or not."""
        return self._on(lambda tables: tables.details(job_id))

    def row(self, job_id: str) -> Operation[dict[str, Any] | None]:
        """Look a job up, as Node's `getJobById` does."""
        return self._on(lambda tables: tables.row(job_id))

    def submitted_now(self) -> Operation[list[str]]:
        """The ids of jobs submitted in this transaction, in order while they wait."""
        return self._operation("submitted_now", {}, first)

    def watch(self, job_id: str) -> Operation[None]:
        """Have the job's end notified."""
        return self._operation("watch", key(job_id), nothing)

    def unwatch(self, job_id: str) -> Operation[None]:
        """End one watch of the job."""
        return self._operation("unwatch", key(job_id), nothing)

    def cancel(self, job_id: str) -> Operation[Cancellation]:
        """Cancel a job."""
        return self._operation("cancel", key(job_id), _cancellation)

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

        def read(rows: list[Row]) -> list[str]:
            return [row[0] for row in rows]

        return self._operation("subscribers", {"event": event}, read)

    def subscribe(self, event: str, name: str) -> Operation[None]:
        """Have a queue subscribe to an event."""
        return self._on(lambda tables: tables.subscribe(event, name))

    def unsubscribe(self, event: str, name: str) -> Operation[bool]:
        """End a subscription; gives whether there was one."""
        return self._operation("unsubscribe", {"event": event, "name": name}, bool)

    def _restore(self, job_id: str, states: list[str], *, afresh: bool) -> Operation[bool]:
        parameters = {**key(job_id), "states": states, "afresh": afresh}
        return self._operation("restore", parameters, bool)

    def _operation(
        self, name: str, parameters: Mapping[str, object], read: Callable[[list[Row]], Result]
    ) -> Operation[Result]:
        """One that differs by its statement alone."""
        return self._on(lambda tables: Operation(statement(name, tables.layout), parameters, read))

    def _on(self, build: Callable[[Tables], Operation[Result]]) -> Operation[Result]:
        """An operation on the tables that there are; the first one finds out what they are."""
        if self.tables is not None:
            return build(self.tables)

        def then(fitness: Fitness) -> Operation[Result]:
            queued = fitness.layout.queued
            self.tables = (QueueTables if queued else FlatTables)(fitness.layout)
            return build(self.tables)

        return look(self.schema, then)


def _cancellation(rows: list[Row]) -> Cancellation:
    if not rows:
        return Cancellation.NOTHING
    return Cancellation.INTERRUPTED if rows[0][0] else Cancellation.UNQUEUED
