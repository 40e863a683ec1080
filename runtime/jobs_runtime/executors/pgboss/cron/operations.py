"""The operations on pg-boss's schedules, and on what we keep of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from jobs_runtime.executors.operation import Operation, first, load_sql, nothing
from jobs_runtime.executors.pgboss.cron.ticks import Slot
from jobs_runtime.executors.pgboss.schema import bind
from jobs_runtime.executors.pgboss.send_options import to_node
from jobs_runtime.executors.postgres.timetable import TIMELESS

if TYPE_CHECKING:
    from jobs_runtime.job import Job
    from jobs_runtime.schedule import Schedule


class SharedSchedule(NamedTuple):
    """A row of pg-boss's table, and the database's time at which it was read.

    Attributes:
        data: JSON text, None for no argument.
        options: those of `send`, as JSON text.
        missed: what becomes of missed ticks; None if no application of ours wrote it.
        last_tick: ticks up to this one have been dealt with.
    """

    name: str
    cron: str
    time_zone: str
    data: str | None
    options: str | None
    missed: str | None
    missed_limit: int
    last_tick: datetime
    now: datetime

    @property
    def send_options(self) -> dict[str, Any]:
        """The options of `send`."""
        return cast("dict[str, Any]", json.loads(self.options or "{}") or {})


def remember(schema: str) -> Operation[None]:
    """Take note of schedules that are new or were changed: their ticks count from now."""
    return Operation(_load("remember", schema), {}, nothing)


def schedules(schema: str) -> Operation[list[SharedSchedule]]:
    """Every schedule there is."""
    return Operation(
        _load("schedules", schema), {}, lambda rows: [SharedSchedule(*row) for row in rows]
    )


def fire(schema: str, name: str, slot: Slot) -> Operation[bool]:
    """Take the slot of a tick; gives whether it was free, and the job is to be submitted now."""
    parameters = {"name": name, "minute": slot.minute, "after": slot.after}
    return Operation(_load("fire", schema), parameters, bool)


def dealt_with(schema: str, name: str, tick: datetime) -> Operation[None]:
    """Pass on to the ticks after this one."""
    return Operation(_load("dealt_with", schema), {"name": name, "tick": tick}, nothing)


def write(schema: str, job: Job[Any, Any], schedule: Schedule, owner: str) -> Operation[None]:
    """Write the schedule of a job, as `boss.schedule` does.

    Raises:
        PayloadError, OptionError: its args or options do not fit the job.
    """
    options = job.options_for(*job.layers, schedule.options or {}, TIMELESS)
    parameters = {
        "name": job.name,
        "cron": schedule.cron,
        "time_zone": schedule.time_zone,
        "data": job.input.encode(schedule.args),
        "options": json.dumps({**to_node(options), "tz": schedule.time_zone}),
        "missed": schedule.missed,
        "missed_limit": schedule.missed_limit,
        "owner": owner,
    }
    return Operation(_load("write", schema), parameters, nothing)


def owned(owner: str) -> Operation[list[str]]:
    """The schemas in which an application has written schedules."""
    return Operation(load_sql(__package__ or "", "owned"), {"owner": owner}, first)


def forget(schema: str, owner: str, names: Sequence[str]) -> Operation[list[str]]:
    """Remove the schedules that an application wrote, except of these jobs; gives which."""
    parameters = {"owner": owner, "names": list(names)}
    return Operation(_load("forget", schema), parameters, lambda rows: [row[0] for row in rows])


def _load(name: str, schema: str) -> bytes:
    return bind(load_sql(__package__ or "", name), schema)
