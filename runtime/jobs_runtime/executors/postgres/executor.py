"""The operations of an application and of a worker on our own tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from jobs_runtime.executors.operation import Copy, Operation, Row, nothing, scalar
from jobs_runtime.executors.postgres.rows import read_claims, read_record, submission_row
from jobs_runtime.executors.postgres.statements import statement
from jobs_runtime.executors.protocol import Position, ReadyQueue
from jobs_runtime.model import Claim, JobRecord, JobState, Outcome, Stored, Submission

COPY_TYPES = ("int8", "text", "text", "int4", "text", "text", "timestamptz", "bool")
"""JSON travels as text: it is JSON already, and both have the same binary form."""


class PostgresExecutor:
    """Keeps jobs in the schema `jobs`; see `migrations/` for the tables."""

    name = "postgres"

    def submit(self, submission: Submission) -> Operation[Stored | None]:
        """Store one job; gives None if it is to be tried again at once."""
        row = submission_row(submission)
        if not submission.options.unique:
            return Operation(statement("submit"), row, _stored)
        name = "submit_throttled" if row["slot_seconds"] else "submit_singleton"
        return Operation(statement(name), row, _stored_unique)

    def reserve(self, count: int) -> Operation[list[int]]:
        """Take ids for a bulk submit."""
        return Operation(statement("reserve"), {"count": count}, _ids)

    def copy(self, ids: Sequence[int], submissions: Sequence[Submission]) -> Copy:
        """Store many jobs under reserved ids; delays count from this call, on this host's clock."""
        now = datetime.now(UTC)
        rows = [
            _copy_row(job_id, submission, now)
            for job_id, submission in zip(ids, submissions, strict=True)
        ]
        return Copy(statement("submit_copy"), COPY_TYPES, rows)

    def wake(self, queue: str, count: int) -> Operation[None]:
        """Tell waiting workers of a bulk submit."""
        return Operation(statement("wake"), {"queue": queue, "count": count}, nothing)

    def details(self, job_id: str) -> Operation[JobRecord | None]:
        """Look a job up, finished or not."""
        return Operation(statement("details"), {"id": int(job_id)}, read_record)

    def cancel(self, job_id: str) -> Operation[bool | None]:
        """Cancel a job; gives whether an attempt was running, None if nothing was to cancel."""
        return Operation(statement("cancel"), {"id": int(job_id)}, _was_running)

    def resume(self, job_id: str) -> Operation[bool]:
        """Put a cancelled job back; gives whether that was possible."""
        return Operation(statement("resume"), {"id": int(job_id)}, bool)

    def register_worker(self, supervisor_id: str, slot: int, pid: int) -> Operation[int]:
        """Begin an incarnation."""
        parameters = {"supervisor_id": supervisor_id, "slot": slot, "pid": pid}
        return Operation(statement("register_worker"), parameters, scalar)

    def probe(self, queues: Sequence[str]) -> Operation[list[ReadyQueue]]:
        """Which of the queues have claimable jobs."""
        return Operation(statement("probe"), {"queues": list(queues)}, _ready_queues)

    def going_idle(self, supervisor_id: str) -> Operation[None]:
        """Let submitters know that a worker is about to wait."""
        return Operation(statement("going_idle"), {"supervisor_id": supervisor_id}, nothing)

    def claim(
        self, queue: str, names: Sequence[str], after: Position, limit: int, incarnation: int
    ) -> Operation[list[Claim]]:
        """Take up to `limit` jobs of one queue, in order, after a position."""
        parameters = {
            "queue": queue,
            "names": names,
            "after_rank": after.rank,
            "after_id": after.job_id,
            "limit": limit,
            "incarnation": incarnation,
        }
        return Operation(statement("claim"), parameters, read_claims)

    def settle(self, outcomes: Sequence[Outcome], incarnation: int) -> list[Operation[list[int]]]:
        """Store outcomes, one operation for each state that occurs."""
        ordered = sorted(outcomes, key=_by_state)
        return [
            _settle_state(JobState(state), list(group), incarnation)
            for state, group in groupby(ordered, key=_by_state)
        ]

    def release(self, ids: Sequence[int], incarnation: int) -> Operation[list[int]]:
        """Give unstarted jobs back with the attempt refunded."""
        return Operation(
            statement("release"), {"ids": _array(ids), "incarnation": incarnation}, _ids
        )

    def stopped(self, ids: Sequence[int], incarnation: int) -> Operation[None]:
        """Say that attempts cancelled while running have ended."""
        return Operation(
            statement("stopped"), {"ids": _array(ids), "incarnation": incarnation}, nothing
        )


def _settle_state(
    state: JobState, outcomes: list[Outcome], incarnation: int
) -> Operation[list[int]]:
    outputs = [outcome.output for outcome in outcomes]
    parameters: dict[str, object] = {
        "ids": _array(outcome.job_id for outcome in outcomes),
        "outputs": outputs if any(outputs) else None,
        "incarnation": incarnation,
    }
    if state is JobState.RETRY:
        parameters["delays"] = _array(outcome.delay for outcome in outcomes)
        parameters["refunds"] = _array(int(outcome.refund) for outcome in outcomes)
        parameters["deaths"] = _array(int(outcome.death) for outcome in outcomes)
        return Operation(statement("retry"), parameters, _ids)
    parameters["seconds"] = _array(outcome.seconds for outcome in outcomes)
    parameters["state"] = state.value
    return Operation(statement("finish"), parameters, _ids)


def _array(numbers: Iterable[float]) -> str:
    """Numbers as the text of an SQL array: psycopg takes ten times as long for a long list."""
    return f"{{{','.join(map(str, numbers))}}}"


def _by_state(outcome: Outcome) -> str:
    return outcome.state.value


def _copy_row(job_id: int, submission: Submission, now: datetime) -> tuple[object, ...]:
    row = submission_row(submission)
    delay = row["delay"]
    start_after = now + timedelta(seconds=delay) if isinstance(delay, float) else row["at"]
    ready = not isinstance(start_after, datetime) or start_after <= now
    columns = (row["queue"], row["name"], row["rank"], row["args"], row["options"])
    return (job_id, *columns, start_after, ready)


def _stored(rows: list[Row]) -> Stored:
    return Stored(str(rows[0][0]))


def _stored_unique(rows: list[Row]) -> Stored | None:
    return Stored(str(rows[0][0]), rows[0][1]) if rows else None


def _ids(rows: list[Row]) -> list[int]:
    return [row[0] for row in rows]


def _was_running(rows: list[Row]) -> bool | None:
    return rows[0][0] if rows else None


def _ready_queues(rows: list[Row]) -> list[ReadyQueue]:
    return [ReadyQueue(queue, rank) for queue, rank in rows]
