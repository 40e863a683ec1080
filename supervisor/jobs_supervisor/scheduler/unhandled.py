"""Notes for `status`, which asks no database, what waits that no living supervisor performs."""

from __future__ import annotations

import time
from collections import Counter

import msgspec
import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres.gauges import queue_depths
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.slot_layout import NAME_BYTES, PROGRESS_BYTES
from jobs_supervisor.slots import Slot
from jobs_supervisor.sparing import next_look

EVERY = 10.0
"""Seconds between two looks."""

COUNT_AT_MOST = 1_000
"""Ready jobs of a queue, and delayed jobs of all, that are looked at: every host does so."""

TIMEOUT = "SET LOCAL statement_timeout = '1s'"
"""The heartbeat waits for these looks."""


class Unhandled(Duty):
    """Writes the names and numbers where a worker's slot says how far its job has come.

    Args:
        slot: the scheduler's own, which performs no job.
    """

    def __init__(self, slot: Slot) -> None:
        super().__init__()
        self._slot = slot

    def perform(self, connection: Connection, now: float) -> float:
        """Look at every queue; what cannot be counted in time is left as it was."""
        began = time.monotonic()
        try:
            with connection.transaction():
                connection.execute(TIMEOUT, prepare=False)
                depths = run(connection, queue_depths(COUNT_AT_MOST))
        except psycopg.errors.QueryCanceled:
            return next_look(began, EVERY)
        waiting = Counter[str]()
        for depth in depths:
            if depth.state != "active" and not depth.handled:
                waiting[depth.name[:NAME_BYTES]] += depth.jobs
        self._slot.show_progress(_as_text(waiting))
        return next_look(began, EVERY)


def _as_text(waiting: Counter[str]) -> str:
    """As many names as there is room for, those with the most jobs first; empty for none."""
    fitting = dict[str, int]()
    text = ""
    for name, jobs in waiting.most_common():
        fitting[name] = jobs
        longer = msgspec.json.encode(fitting)
        if len(longer) >= PROGRESS_BYTES:
            break
        text = longer.decode()
    return text
