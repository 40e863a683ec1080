"""Turns notifications into wake-ups, cancels and due jobs, and looks itself in case one is lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from psycopg import sql

from jobs_runtime.database import Connection
from jobs_runtime.executors.mixed import MixedExecutor
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.protocol import WorkerExecutor
from jobs_runtime.executors.together import run_together
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from jobs_supervisor.sparing import next_look
from jobs_supervisor.wake import WakePipe

logger = logging.getLogger(__name__)

POLL_EVERY = 1.0
"""Seconds between two looks for work that nobody was notified of, while a worker waits."""

LOOK_AGAIN = 0.01
"""Seconds from a notification to the first look for work that was left out of it.

Who submits leaves it to others to notify while they do so, and may commit after them. The looks
get rarer, down to one a second, until there is another notification.
"""

SHARE = 0.1
"""The greatest part of the time that these looks may take."""

FOUND = 8
"""Workers that such a look wakes, if there is work."""


class Listening(Duty):
    """Wakes this host's workers.

    Args:
        executor: what to look with.
        queues: the queues that this host's workers claim from.
        workers: their slots.
        pipe: what they wait on.
        look_for: called with "due" when a job was submitted that becomes due very soon, with
            "schedules" when one was made or resumed, and with "leadership" when nobody leads.
    """

    def __init__(
        self,
        executor: WorkerExecutor,
        queues: Sequence[str],
        workers: Sequence[Slot],
        pipe: WakePipe,
        look_for: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._executor = executor
        self._queues = frozenset(queues)
        self._workers = workers
        self._pipe = pipe
        self._look_for = look_for
        self._jobs = 0
        self._told_at = float("-inf")

    def begin(self, connection: Connection) -> None:
        """Subscribe; what was notified before is found by looking."""
        connection.add_notify_handler(lambda notify: self._heed(notify.payload))
        connection.execute("LISTEN jobs")
        if isinstance(self._executor, MixedExecutor) and (channel := self._executor.channel):
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        self._find_cancelled(connection)
        self.due_at = 0.0

    def _find_cancelled(self, connection: Connection) -> None:
        """Tell the workers whose job was taken from them while nobody listened."""
        performed = [(slot, slot.incarnation, slot.job_id) for slot in self._workers if slot.job_id]
        for slot, incarnation, job_id in performed:
            held = run_together(connection, self._executor.held(incarnation))
            if job_id not in [claim.job_id for claims in held for claim in claims]:
                slot.cancel(job_id)

    def heed(self, connection: Connection) -> None:
        """Act on every notification that has arrived.

        Raises:
            psycopg.OperationalError: the connection broke.
        """
        connection.pgconn.consume_input()
        while (notification := connection.pgconn.notifies()) is not None:
            self._heed(notification.extra.decode())
        jobs, self._jobs = self._jobs, 0
        if jobs:
            self.wake(jobs)
            self._told_at = time.monotonic()
            self.due_at = min(self.due_at, self._told_at + LOOK_AGAIN)

    def _heed(self, message: str) -> None:
        match message.split(" ", 2):
            case ["wake", count, queue] if queue in self._queues:
                self._jobs += int(count)
            case ["cancel", job_id, incarnation]:
                self._cancel(int(job_id), int(incarnation))
            case ["due" | "schedules" as what]:
                self._look_for(what)
            case ["leaderless"]:
                self._look_for("leadership")
            case [queue] if queue in self._queues:
                self._jobs += 1
            case _:
                return

    def wake(self, jobs: int) -> None:
        """Wake as many waiting workers as there are jobs."""
        waiting = sum(slot.state is SlotState.IDLE for slot in self._workers)
        self._pipe.wake(min(jobs, waiting))

    def perform(self, connection: Connection, now: float) -> float:
        """Look for work that nobody was notified of."""
        pause = min(max(LOOK_AGAIN, now - self._told_at), POLL_EVERY)
        began = time.monotonic()
        if any(slot.state is SlotState.IDLE for slot in self._workers):
            ready = run(connection, self._executor.probe(sorted(self._queues)))
            if ready:
                self.wake(len(self._workers) if pause == POLL_EVERY else FOUND)
        return next_look(began, pause, SHARE)

    def _cancel(self, job_id: int, incarnation: int) -> None:
        # The job may be waiting in the worker's batch: the flag then meets it when it is begun.
        for slot in self._workers:
            if slot.incarnation == incarnation and not slot.cancelled:
                slot.cancel(job_id)
