"""What waits and runs in every queue, and what nobody performs, as the database knows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.table import Table
from rich.text import Text

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import gauges as pgboss_gauges
from jobs_runtime.executors.postgres import PostgresExecutor, gauges
from jobs_runtime.executors.postgres.gauges import Depth
from jobs_runtime.model import Pause
from jobs_supervisor.status import duration

MOST_COUNTED = 100_000
"""Ready jobs of one queue, and delayed ones of all, are counted up to here."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The jobs of one name in one queue.

    Attributes:
        waited: seconds that the oldest of the ready ones could have been claimed.
        handled: whether some running supervisor performs jobs of this name.
        paused: the job, or its queue.
    """

    queue: str
    job: str
    ready: int
    delayed: int
    active: int
    waited: float
    handled: bool
    paused: bool


def read(connection: Connection, pg_boss_schema: str | None = None) -> list[QueueStatus]:
    """Look at every queue, those of a pg-boss that Python performs too; takes no lock."""
    depths = run(connection, gauges.queue_depths(MOST_COUNTED))
    if pg_boss_schema is not None:
        depths += pgboss_gauges.queue_depths(connection, pg_boss_schema, MOST_COUNTED)
    paused = run(connection, PostgresExecutor().paused())
    return summarised(depths, paused)


def summarised(depths: Iterable[Depth], paused: Sequence[Pause]) -> list[QueueStatus]:
    """One line a queue and job."""
    found: list[QueueStatus] = []
    ordered = sorted(depths, key=lambda depth: (depth.queue, depth.name))
    for (queue, name), group in groupby(ordered, key=lambda depth: (depth.queue, depth.name)):
        states = {depth.state: depth for depth in group}
        counts = {state: depth.jobs for state, depth in states.items()}
        found.append(
            QueueStatus(
                queue=queue,
                job=name,
                ready=counts.get("ready", 0),
                delayed=counts.get("delayed", 0),
                active=counts.get("active", 0),
                waited=max(depth.waited for depth in states.values()),
                handled=any(depth.handled for depth in states.values()),
                paused=is_paused(queue, name, paused),
            )
        )
    return found


def is_paused(queue: str, job: str, pauses: Sequence[Pause]) -> bool:
    """Whether jobs of a name in a queue are not claimed for now."""
    return Pause("queue", queue) in pauses or Pause("job", job) in pauses


def as_table(queues: Sequence[QueueStatus]) -> Table:
    """Show the queues to a person."""
    table = Table(box=None, pad_edge=False)
    for column in ("queue", "job"):
        table.add_column(column)
    for column in ("ready", "delayed", "active", "oldest waits"):
        table.add_column(column, justify="right")
    table.add_column("")
    for each in queues:
        counts = (each.ready, each.delayed, each.active)
        waited = duration(each.waited) if each.ready else ""
        numbers = [f"{count:,}" if count else "" for count in counts]
        table.add_row(each.queue, each.job, *numbers, waited, _remark(each))
    return table


def _remark(each: QueueStatus) -> Text:
    if not each.handled:
        return Text("no running supervisor performs it", style="red")
    return Text("paused", style="yellow") if each.paused else Text()
