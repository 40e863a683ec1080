"""The operations of an application and of a worker on our own tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from jobs_runtime.errors import DeclarationError, OptionError
from jobs_runtime.executors import arrays
from jobs_runtime.executors.copying import NULL, Copy, escaped, field, line
from jobs_runtime.executors.operation import Operation, Row, first, nothing, scalar
from jobs_runtime.executors.postgres.rows import read_claims, read_record, submission_row
from jobs_runtime.executors.postgres.settling import settle
from jobs_runtime.executors.postgres.statements import statement
from jobs_runtime.executors.postgres.timetable import PostgresTimetable
from jobs_runtime.executors.protocol import Position, ReadyQueue, Reserved
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

MAX_DIGITS = 19
"""A bigint has at most so many decimal digits."""


class PostgresExecutor:
    """Keeps jobs in the schema `jobs`; see `migrations/` for the tables."""

    name = "postgres"
    timetable = PostgresTimetable()
    defaults: Mapping[str, object] = {}
    argument_codec: type[Codec[Any]] = Codec
    result_codec: type[Codec[Any]] = Codec

    def check_job(self, job: Job[Any, Any]) -> None:
        """Refuse what only pg-boss can do, and a schedule that could be taken for another's.

        Raises:
            DeclarationError: a schedule without a name is called as one of another job may be.
            OptionError: `on_complete` names no job.
        """
        if "/" in job.name and not all(schedule.name for schedule in job.schedules):
            raise DeclarationError(
                f"job {job.name} has a '/' in its name, so its schedule needs a name of its own, to"
                " be told from those of other jobs: Schedule(..., name='nightly')"
            )
        for layer in job.layers:
            if layer.get("on_complete") is True:
                raise _names_no_job(job.name)

    def check_options(self, name: str, options: Options) -> None:
        """Refuse what only pg-boss can do.

        Raises:
            OptionError: `on_complete` names no job.
        """
        if options.on_complete is True:
            raise _names_no_job(name)

    def submit(self, submission: Submission, *, alone: bool = False) -> Operation[Stored | None]:
        """Store one job; gives None if it is to be tried again at once."""
        row = submission_row(submission)
        if alone and not (submission.options.unique or row["at"] or row["delay"]):
            return Operation(statement("submit_alone"), row, _stored, untyped=True)
        if not submission.options.unique:
            return Operation(statement("submit"), row, _stored)
        name = "submit_throttled" if row["slot_seconds"] else "submit_singleton"
        return Operation(statement(name), row, _stored_unique)

    def reserve(self, count: int) -> Operation[Reserved]:
        """Take ids for a bulk submit."""
        return Operation(statement("reserve"), {"count": count}, Reserved.read)

    def copy(self, reserved: Reserved, submissions: Iterable[Submission]) -> Copy:
        """Store many submissions of one job under reserved ids."""
        return Copy(statement("submit_copy"), _lines(reserved, submissions))

    def wake(self, queue: str, count: int, *, delayed: bool = False) -> Operation[None]:
        """Tell waiting workers of a bulk submit, and the leader of one with a delay."""
        parameters = {"queue": queue, "count": count, "delayed": delayed}
        return Operation(statement("wake"), parameters, nothing)

    def details(self, job_id: str) -> Operation[JobRecord | None]:
        """Look a job up, finished or not."""
        return Operation(statement("details"), _key(job_id), read_record)

    def watch(self, job_id: str) -> Operation[None]:
        """Have the job's end notified."""
        return Operation(statement("watch"), _key(job_id), nothing)

    def unwatch(self, job_id: str) -> Operation[None]:
        """End one watch of the job."""
        return Operation(statement("unwatch"), _key(job_id), nothing)

    def cancel(self, job_id: str) -> Operation[Cancellation]:
        """Cancel a job."""
        return Operation(statement("cancel"), _key(job_id), _cancellation)

    def resume(self, job_id: str) -> Operation[bool]:
        """Put a cancelled job back; gives whether that was possible."""
        parameters = {**_key(job_id), "states": ["cancelled"], "afresh": False}
        return Operation(statement("restore"), parameters, bool)

    def retry(self, job_id: str) -> Operation[bool]:
        """Perform a failed or expired job anew; gives whether that was possible."""
        parameters = {**_key(job_id), "states": ["failed", "expired"], "afresh": True}
        return Operation(statement("restore"), parameters, bool)

    def pause(self, pause: Pause) -> Operation[None]:
        """Have nothing more claimed of a queue or a job."""
        return Operation(statement("pause"), pause._asdict(), nothing)

    def unpause(self, pause: Pause, queue: str | None) -> Operation[bool]:
        """End a pause, and wake who waits for `queue`; gives whether there was one."""
        return Operation(statement("unpause"), {**pause._asdict(), "queue": queue}, bool)

    def paused(self) -> Operation[list[Pause]]:
        """What is paused."""
        return Operation(statement("paused"), {}, lambda rows: [Pause(*row) for row in rows])

    def register_worker(self, supervisor_id: str, slot: int, pid: int) -> Operation[int]:
        """Begin an incarnation."""
        parameters = {"supervisor_id": supervisor_id, "slot": slot, "pid": pid}
        return Operation(statement("register_worker"), parameters, scalar)

    def probe(self, queues: Sequence[str]) -> Operation[list[ReadyQueue]]:
        """Which of the queues have claimable jobs."""
        return Operation(statement("probe"), {"queues": arrays.texts(queues)}, _ready_queues)

    def going_idle(self, supervisor_id: str) -> Operation[bool]:
        """Let submitters know that a worker is about to wait; gives whether they did not yet."""
        return Operation(statement("going_idle"), {"supervisor_id": supervisor_id}, bool)

    def claim(
        self, queue: str, names: Sequence[str], after: Position, limit: int, incarnation: int
    ) -> Operation[list[Claim]]:
        """Take up to `limit` jobs of one queue, in order, after a position."""
        parameters = {
            "queue": queue,
            "names": arrays.texts(names),
            "after_rank": after.rank,
            "after_id": after.job_id,
            "limit": limit,
            "incarnation": incarnation,
        }
        return Operation(statement("claim"), parameters, read_claims)

    def claim_limited(
        self, queue: str, names: Sequence[str], limits: Limits, incarnation: int
    ) -> list[Operation[Any]]:
        """Take one job of a queue with limits; the last operation gives it."""
        rate = limits.rate
        parameters = {
            "queue": queue,
            "names": arrays.texts(names),
            "concurrency": limits.concurrency,
            "rate": rate and rate.count,
            "window": rate and rate.seconds,
            "incarnation": incarnation,
        }
        return [
            Operation(statement("lock_limits"), {"queue": queue}, nothing),
            Operation(statement("claim_limited"), parameters, read_claims),
        ]

    def settle(self, outcomes: Sequence[Outcome], incarnation: int) -> list[Operation[list[int]]]:
        """Store outcomes, one operation for each kind of ending, and one for what follows them."""
        return settle(outcomes, incarnation)

    def release(self, ids: Sequence[int], incarnation: int) -> list[Operation[list[int]]]:
        """Give unstarted jobs back with the attempt refunded."""
        parameters = {"ids": arrays.numbers(ids), "incarnation": incarnation}
        return [Operation(statement("release"), parameters, first)]

    def held(self, incarnation: int) -> list[Operation[list[Claim]]]:
        """What an incarnation holds."""
        return [Operation(statement("held"), {"incarnation": incarnation}, read_claims)]

    def given_away(self, claims: Sequence[Claim], incarnation: int) -> Operation[int]:
        """How many of the jobs were given to others because the incarnation was thought dead."""
        parameters = {
            "ids": arrays.numbers(claim.job_id for claim in claims),
            "deaths": arrays.numbers(claim.deaths for claim in claims),
            "incarnation": incarnation,
        }
        return Operation(statement("given_away"), parameters, scalar)

    def progress(self, job_id: int, progress: Progress, incarnation: int) -> Operation[None]:
        """Keep how far an attempt has come."""
        text = msgspec.json.encode(progress).decode()
        parameters = {"id": job_id, "progress": text, "incarnation": incarnation}
        return Operation(statement("progress"), parameters, nothing)

    def stopped(self, ids: Sequence[int], incarnation: int) -> Operation[None]:
        """Say that attempts cancelled while running have ended."""
        return Operation(
            statement("stopped"), {"ids": arrays.numbers(ids), "incarnation": incarnation}, nothing
        )


def _names_no_job(name: str) -> OptionError:
    return OptionError(
        f"job {name}: on_complete takes a job, or the name of one; True is for the executor PgBoss"
    )


def _lines(reserved: Reserved, submissions: Iterable[Submission]) -> Iterator[str]:
    """Lines for COPY; of a run with the same options all but id and arguments is written once."""
    options, alike = None, ""
    for job_id, submission in zip(reserved.ids, submissions, strict=True):
        if submission.options is not options:
            options = submission.options
            alike = line(*map(field, _copied_alike(submission, reserved.now)))
        args = NULL if submission.args is None else escaped(submission.args)
        yield f"{job_id}\t{args}\t{alike}"


def _copied_alike(submission: Submission, now: datetime) -> tuple[object, ...]:
    row = submission_row(submission)
    delay = row["delay"]
    start_after = now + timedelta(seconds=delay) if isinstance(delay, float) else row["at"]
    ready = not isinstance(start_after, datetime) or start_after <= now
    columns = (row["queue"], row["name"], row["rank"], row["options"])
    keep_for = submission.options.keep_for
    first = start_after if isinstance(start_after, datetime) else now
    keep_until = None if keep_for is None else first + timedelta(seconds=keep_for)
    return (*columns, start_after, ready, keep_until, row["limit_key"])


def _key(job_id: str) -> dict[str, object]:
    """The row's key; an id that is not one of ours names no row."""
    return {"id": int(job_id) if job_id.isdecimal() and len(job_id) < MAX_DIGITS else 0}


def _stored(rows: list[Row]) -> Stored:
    return Stored(str(rows[0][0]))


def _stored_unique(rows: list[Row]) -> Stored | None:
    return Stored(str(rows[0][0]), rows[0][1]) if rows else None


def _cancellation(rows: list[Row]) -> Cancellation:
    if not rows:
        return Cancellation.NOTHING
    return Cancellation.INTERRUPTED if rows[0][0] else Cancellation.UNQUEUED


def _ready_queues(rows: list[Row]) -> list[ReadyQueue]:
    return [ReadyQueue(queue, rank) for queue, rank in rows]
