"""Plain data that passes between the application, the executors and the workers."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from jobs_runtime.options import Options


class JobState(enum.StrEnum):
    """Where a submitted job stands; the names and their order are those of pg-boss."""

    CREATED = "created"
    RETRY = "retry"
    ACTIVE = "active"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def finished(self) -> bool:
        """Whether the job will not be performed again by itself."""
        return self not in (JobState.CREATED, JobState.RETRY, JobState.ACTIVE)


class Submission(msgspec.Struct, frozen=True, gc=False):
    """One request to perform a job, ready to be stored.

    Attributes:
        name: the job's name.
        queue: the queue it waits in.
        args: the argument as JSON text, None for no argument.
        options: the options in force, all layers merged.
        trace: the context of the submit's span, in the form of its propagators; None for no span.
        layers: the options as they were given, the weakest first: what no layer says, a queue with
            options of its own may say.
    """

    name: str
    queue: str
    args: str | None
    options: Options
    trace: Mapping[str, str] | None = None
    layers: Sequence[Mapping[str, object]] = ()


class Pause(NamedTuple):
    """What is paused.

    Attributes:
        kind: `"queue"` or `"job"`.
        name: of the queue or the job.
    """

    kind: str
    name: str


class Stored(msgspec.Struct, frozen=True, gc=False):
    """What became of a submission: a job of its own, or the one that was there already."""

    job_id: str
    duplicate: bool = False


class Cancellation(enum.Enum):
    """What a cancel did; false if there was nothing to cancel."""

    NOTHING = "nothing"
    """It had finished before, or is not known."""
    UNQUEUED = "unqueued"
    """It was waiting, and will not be performed."""
    INTERRUPTED = "interrupted"
    """It was being performed: the attempt is told to stop, and killed if it does not listen."""

    def __bool__(self) -> bool:
        return self is not Cancellation.NOTHING


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far an attempt has come, in units of its own.

    Attributes:
        total: None if it is not known.
    """

    done: float
    total: float | None = None
    message: str = ""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A job taken by a worker: its row is `active` and belongs to one incarnation.

    Attributes:
        job_id: the row's key; negative for a lease of a job in somebody else's tables.
        attempt: which attempt this is, from 1.
        deaths: worker processes that the job has taken down.
        args: JSON text, None for no argument.
        options: the options in force when it was submitted.
        waited: seconds between the moment it could first be claimed and the claim.
        tick: the time that a schedule submitted it for, in UTC; None if none did.
        trace: the context of the span of its submit; None if there was none.
        submitted_id: what the application calls it; None if that is the key.
    """

    job_id: int
    name: str
    rank: int
    attempt: int
    deaths: int
    args: str | None
    options: Options
    waited: float
    tick: datetime | None = None
    trace: Mapping[str, str] | None = None
    submitted_id: str | None = None

    @property
    def known_as(self) -> str:
        """What the application calls the job."""
        return self.submitted_id or str(self.job_id)


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one attempt.

    Attributes:
        state: a final state, or `RETRY`.
        seconds: how long the attempt took.
        output: the result or the error as JSON text, None for nothing.
        delay: seconds until the next attempt; only with `RETRY`.
        death: whether the attempt took its worker process down.
        refund: whether the attempt does not count; only with `RETRY`.
        stored: whether it is in the database already, together with the job's own writes.
        follows: whether another job may be to follow it, or a time slot to be freed.
    """

    job_id: int
    state: JobState
    seconds: float
    output: str | None = None
    delay: float = 0.0
    death: bool = False
    refund: bool = False
    stored: bool = False
    follows: bool = True


class JobRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the database knows of a submitted job.

    Attributes:
        attempt: attempts begun so far.
        deaths: worker processes this job has taken down.
        start_after: not to be performed before; None for at once.
        started_at: when the attempt under way was claimed, or the last one of a finished job began;
            None while it waits, except in the tables of a pg-boss, which keep the last.
        finished_at: when it reached its final state.
        progress: how far the last attempt said it had come.
        output: the result, or what the last failed attempt left.
    """

    job_id: str
    name: str
    queue: str
    state: JobState
    priority: int
    attempt: int
    deaths: int
    args: object
    options: Options
    created_at: datetime
    start_after: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    progress: Progress | None
    output: object
