"""What an executor offers: operations to submit, to look after, to claim and to finish jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from jobs_runtime.executors.copying import Copy
from jobs_runtime.executors.operation import Operation, Row
from jobs_runtime.limits import Limits
from jobs_runtime.model import (
    Cancellation,
    Claim,
    JobRecord,
    Outcome,
    Pause,
    Progress,
    Stored,
    Submission,
)
from jobs_runtime.options import Options
from jobs_runtime.payload import Codec

if TYPE_CHECKING:
    from jobs_runtime.job import Job
    from jobs_runtime.schedule import Schedule
    from jobs_runtime.timetable import ScheduleRecord


PG_BOSS_EXECUTOR_NAME = "PgBoss"
"""What `executor=` takes and `executor_name` gives for jobs of a pg-boss, as in Wasp."""


class Position(NamedTuple):
    """Where a scan of a queue goes on: after this rank and id."""

    rank: int
    job_id: int


START = Position(-(2**31), 0)
"""The position before every job."""


class ReadyQueue(NamedTuple):
    """A queue with claimable jobs, and the rank of the first of them."""

    queue: str
    rank: int


class Reserved(NamedTuple):
    """What a bulk submit begins with.

    Attributes:
        ids: one a job.
        now: by the database's clock, which delays are counted on.
    """

    ids: list[Any]
    now: datetime

    @classmethod
    def read(cls, rows: list[Row]) -> Self:
        """What the server gave; in UTC, as a sum elsewhere may jump with the clocks."""
        ids, now = rows[0]
        return cls(ids, now.astimezone(UTC))


class Timetable(Protocol):
    """What an application needs to look after schedules."""

    def write(self, job: Job[Any, Any], schedule: Schedule) -> Operation[bool]:
        """Write a schedule; gives False if code declares one of this key."""
        ...

    def read(self) -> Operation[list[ScheduleRecord]]:
        """Every schedule there is."""
        ...

    def pause(self, key: str) -> Operation[None]:
        """Have a schedule fire no more."""
        ...

    def resume(self, key: str) -> Operation[None]:
        """Have a schedule fire again, from now on."""
        ...

    def run_now(self, key: str) -> Operation[str | None]:
        """Submit a schedule's job; gives its id, None if that cannot be."""
        ...

    def remove(self, key: str) -> Operation[bool]:
        """Forget a schedule made at run time; gives whether there was one."""
        ...


class ClientExecutor(Protocol):
    """What an application needs of an executor.

    Attributes:
        name: as `executor=` takes it.
        defaults: options weaker than all others.
        argument_codec: how it keeps arguments.
        result_codec: how it keeps results.
    """

    name: str
    defaults: Mapping[str, object]
    argument_codec: type[Codec[Any]]
    result_codec: type[Codec[Any]]

    def check_job(self, job: Job[Any, Any]) -> None:
        """Refuse a declaration that cannot be kept, its options too; raises `DeclarationError`."""
        ...

    def check_options(self, name: str, options: Options) -> None:
        """Refuse options, of the job `name`, that cannot be kept; raises `OptionError`."""
        ...

    @property
    def timetable(self) -> Timetable:
        """Its schedules."""
        ...

    def submit(self, submission: Submission, *, alone: bool = False) -> Operation[Stored | None]:
        """Store one job; gives None if it is to be tried again at once.

        Args:
            submission: what to store.
            alone: whether this is all that its transaction does.
        """
        ...

    def reserve(self, count: int) -> Operation[Reserved]:
        """Take ids for a bulk submit."""
        ...

    def copy(self, reserved: Reserved, submissions: Iterable[Submission]) -> Copy | Operation[None]:
        """Store many submissions of one job under reserved ids."""
        ...

    def wake(self, queue: str, count: int, *, delayed: bool = False) -> Operation[None]:
        """Tell waiting workers of a bulk submit, and the leader of one with a delay."""
        ...

    def details(self, job_id: str) -> Operation[JobRecord | None]:
        """Look a job up, finished or not."""
        ...

    def watch(self, job_id: str) -> Operation[None]:
        """Have the job's end notified."""
        ...

    def unwatch(self, job_id: str) -> Operation[None]:
        """End one watch of the job."""
        ...

    def cancel(self, job_id: str) -> Operation[Cancellation]:
        """Cancel a job."""
        ...

    def resume(self, job_id: str) -> Operation[bool]:
        """Put a cancelled job back; gives whether that was possible."""
        ...

    def retry(self, job_id: str) -> Operation[bool]:
        """Perform a failed or expired job anew; gives whether that was possible."""
        ...

    def pause(self, pause: Pause) -> Operation[None]:
        """Have nothing more claimed of a queue or a job."""
        ...

    def unpause(self, pause: Pause, queue: str | None) -> Operation[bool]:
        """End a pause, and wake who waits for `queue`; gives whether there was one."""
        ...

    def paused(self) -> Operation[list[Pause]]:
        """What is paused."""
        ...


class WorkerExecutor(Protocol):
    """What a worker needs of an executor."""

    def register_worker(self, supervisor_id: str, slot: int, pid: int) -> Operation[int]:
        """Begin an incarnation."""
        ...

    def probe(self, queues: Sequence[str]) -> Operation[list[ReadyQueue]]:
        """Which of the queues have claimable jobs."""
        ...

    def going_idle(self, supervisor_id: str) -> Operation[bool]:
        """Let submitters know that a worker is about to wait; gives whether they did not yet."""
        ...

    def claim(
        self, queue: str, names: Sequence[str], after: Position, limit: int, incarnation: int
    ) -> Operation[list[Claim]]:
        """Take up to `limit` jobs of one queue, in order, after a position."""
        ...

    def claim_limited(
        self, queue: str, names: Sequence[str], limits: Limits, incarnation: int
    ) -> list[Operation[Any]]:
        """Take one job of a queue with limits; the last operation gives it."""
        ...

    def settle(self, outcomes: Sequence[Outcome], incarnation: int) -> list[Operation[list[int]]]:
        """Store outcomes, all operations in one transaction; each gives ids that were still its."""
        ...

    def release(self, ids: Sequence[int], incarnation: int) -> list[Operation[list[int]]]:
        """Give unstarted jobs back with the attempt refunded."""
        ...

    def held(self, incarnation: int) -> list[Operation[list[Claim]]]:
        """What an incarnation holds."""
        ...

    def given_away(self, claims: Sequence[Claim], incarnation: int) -> Operation[int]:
        """How many of the jobs were given to others because the incarnation was thought dead."""
        ...

    def progress(self, job_id: int, progress: Progress, incarnation: int) -> Operation[None]:
        """Keep how far an attempt has come."""
        ...

    def stopped(self, ids: Sequence[int], incarnation: int) -> Operation[None]:
        """Say that attempts cancelled while running have ended."""
        ...
