"""The operations of a scheduler: heartbeats, rescue, due jobs, schedules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from jobs_runtime.executors.operation import Operation, Row, first, nothing, scalar
from jobs_runtime.executors.postgres.statements import statement
from jobs_runtime.limits import LONGEST_WINDOW
from jobs_runtime.payload import encode_failure


class SupervisorRecord(NamedTuple):
    """What a supervisor announces of itself.

    Attributes:
        place: where its pid, and those of its workers, name one process.
        generation: how often it has reloaded its code.
    """

    id: str
    host: str
    place: str
    pid: int
    workers: int
    names: Sequence[str]
    schedules: Sequence[str]
    generation: int = 0


class Neighbour(NamedTuple):
    """A supervisor of the same place: its processes, and the incarnations of its workers."""

    id: str
    pids: Sequence[int]
    incarnations: Sequence[int]


class LiveSchedule(NamedTuple):
    """A schedule that fires, and the database's time at which it was read."""

    key: str
    name: str
    cron: str
    time_zone: str
    missed: str
    missed_limit: int
    overlap: str
    last_tick: datetime
    now: datetime


def _scalar_if_any(rows: list[Row]) -> Any:
    return rows[0][0] if rows else None


def register_supervisor(
    record: SupervisorRecord, declared_at: datetime | None = None
) -> Operation[datetime]:
    """Announce a supervisor; gives since when it has run its code, by the database's clock.

    Args:
        record: what to announce.
        declared_at: what this gave before, in case it was given up for dead since.
    """
    parameters: dict[str, object] = {**record._asdict(), "declared_at": declared_at}
    parameters["names"] = list(record.names)
    parameters["schedules"] = list(record.schedules)
    return Operation(statement("register_supervisor"), parameters, scalar)


def unregister_supervisor(supervisor_id: str) -> Operation[None]:
    """Take a supervisor off the list of the living."""
    return Operation(statement("unregister_supervisor"), {"id": supervisor_id}, nothing)


def heartbeat(supervisor_id: str, *, idle: bool, workers: int) -> Operation[float | None]:
    """Say that a supervisor lives.

    Gives the seconds since the heartbeat before by the database's clock, None if the supervisor was
    given up for dead.
    """
    parameters = {"id": supervisor_id, "idle": idle, "workers": workers}
    return Operation(statement("heartbeat"), parameters, _scalar_if_any)


def leased_tables(incarnation: int) -> Operation[list[str]]:
    """The schemas of pg-boss in which an incarnation holds jobs, if they are still there."""
    return Operation(statement("leased_tables"), {"incarnation": incarnation}, first)


def forget_worker(incarnation: int) -> Operation[bool]:
    """End an incarnation whose claims are settled; gives whether it was still registered."""
    return Operation(statement("forget_worker"), {"incarnation": incarnation}, scalar)


def workers_of(supervisor_id: str) -> Operation[list[int]]:
    """The incarnations registered for one supervisor."""
    return Operation(statement("workers_of"), {"supervisor_id": supervisor_id}, first)


def neighbours(place: str, supervisor_id: str) -> Operation[list[Neighbour]]:
    """The supervisors of a place other than this one."""
    parameters = {"place": place, "id": supervisor_id}
    return Operation(
        statement("neighbours"), parameters, lambda rows: [Neighbour(*r) for r in rows]
    )


def dead_supervisors(stale_after: float, judge: str, heard_within: float) -> Operation[list[str]]:
    """Give up supervisors silent for longer than `stale_after` seconds; gives their ids.

    Args:
        stale_after: by the database's clock.
        judge: the supervisor that judges.
        heard_within: seconds of that clock within which it must have been heard itself.
    """
    parameters = {"stale_after": stale_after, "judge": judge, "heard_within": heard_within}
    return Operation(statement("dead_supervisors"), parameters, first)


def orphans(stale_after: float) -> Operation[list[int]]:
    """Incarnations of no living supervisor."""
    return Operation(statement("orphans"), {"stale_after": stale_after}, first)


def make_due(limit: int) -> Operation[int]:
    """Let up to `limit` jobs whose time has come be claimed; gives how many."""
    return Operation(statement("make_due"), {"limit": limit}, scalar)


def next_due() -> Operation[float | None]:
    """Seconds until the next job becomes due, None if none waits for its time."""
    return Operation(statement("next_due"), {}, _scalar_if_any)


def give_up(limit: int) -> Operation[int]:
    """Expire up to `limit` jobs that waited longer than `keep_for`; gives how many."""
    output = encode_failure("Expired", "it was not performed within keep_for")
    return Operation(statement("give_up"), {"limit": limit, "output": output}, scalar)


def forget_finished(limit: int) -> Operation[int]:
    """Delete up to `limit` finished jobs past `keep_finished_for`; gives how many."""
    return Operation(statement("forget_finished"), {"limit": limit}, scalar)


def submitted_since(job_id: int) -> Operation[list[str]]:
    """The ids of jobs submitted after another, in order."""
    return Operation(statement("submitted_since"), {"id": job_id}, first)


def due_now() -> Operation[None]:
    """Let every delayed job be claimed, whatever its time."""
    return Operation(statement("due_now"), {}, nothing)


def schedules() -> Operation[list[LiveSchedule]]:
    """The schedules to fire."""
    return Operation(statement("schedules"), {}, lambda rows: [LiveSchedule(*r) for r in rows])


def fire(key: str, tick: datetime) -> Operation[str | None]:
    """Submit the job of one tick; gives its id, None if the tick was fired or skipped before."""
    parameters = {"key": key, "tick": tick}
    return Operation(statement("fire"), parameters, _scalar_if_any)


def skip_ticks(key: str, tick: datetime) -> Operation[None]:
    """Pass over the ticks up to `tick`."""
    return Operation(statement("skip_ticks"), {"key": key, "tick": tick}, nothing)


def limit_waiting(queue: str, limit: int) -> Operation[None]:
    """Put what was submitted to a queue without its limits under them.

    Args:
        queue: one with limits.
        limit: how many of the jobs claimed next are looked at.
    """
    return Operation(statement("limit_waiting"), {"queue": queue, "limit": limit}, nothing)


def forget_beginnings(limit: int) -> Operation[int]:
    """Forget up to `limit` attempts that no rate looks back at any more; gives how many."""
    parameters = {"seconds": LONGEST_WINDOW, "limit": limit}
    return Operation(statement("forget_beginnings"), parameters, scalar)


def forget_slots(limit: int) -> Operation[int]:
    """Forget up to `limit` time slots that have ended; gives how many."""
    return Operation(statement("forget_slots"), {"limit": limit}, scalar)


def forget_strays(days: int, limit: int) -> Operation[int]:
    """Delete up to `limit` jobs of the default partition older than `days`; gives how many."""
    return Operation(statement("forget_strays"), {"days": days, "limit": limit}, scalar)


def forget_ticks(days: int, limit: int) -> Operation[int]:
    """Forget up to `limit` fired ticks older than `days` days; gives how many."""
    return Operation(statement("forget_ticks"), {"days": days, "limit": limit}, scalar)


def forget_waiters(limit: int) -> Operation[int]:
    """Forget up to `limit` of who waited for a result longer than a day; gives how many."""
    return Operation(statement("forget_waiters"), {"limit": limit}, scalar)


def forget_pgboss_waiters(limit: int) -> Operation[int]:
    """As `forget_waiters`, of those who waited for a job of a pg-boss."""
    return Operation(statement("forget_pgboss_waiters"), {"limit": limit}, scalar)


def forget_claims() -> Operation[int]:
    """Forget the claims that were followed by another of their worker; gives how many."""
    return Operation(statement("forget_claims"), {}, scalar)


def forget_deaths(limit: int) -> Operation[int]:
    """Forget up to `limit` deaths by jobs of a pg-boss, a month old; gives how many."""
    return Operation(statement("forget_deaths"), {"limit": limit}, scalar)
