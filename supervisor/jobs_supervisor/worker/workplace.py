"""What a worker offers to the attempts it makes: a connection of their own, progress, cancels."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg

from jobs_runtime.database import SOCKET, Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.protocol import WorkerExecutor
from jobs_runtime.model import Outcome, Progress
from jobs_supervisor.slots import Slot
from jobs_supervisor.worker.coroutines import CoroutineRunner


class WorkerWorkplace:
    """The place of one worker, used by one attempt after the other.

    Args:
        dsn: where the jobs' own connection leads.
        executor: stores what is completed together with a job's own writes.
        slot: where cancels are seen and progress is shown.
        on_refused: called when a completion came too late: the job was given to another.
    """

    def __init__(
        self, dsn: str, executor: WorkerExecutor, slot: Slot, on_refused: Callable[[], None]
    ) -> None:
        self.dsn = dsn
        self.coroutines = CoroutineRunner(lambda: slot.cancelled)
        self.incarnation = 0
        self._executor = executor
        self._slot = slot
        self._on_refused = on_refused
        self._connection: Connection | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._progress: dict[int, Progress] = {}

    def is_cancelled(self) -> bool:
        """Whether the attempt should stop."""
        return self._slot.cancelled

    def run_coroutine(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end and return its result."""
        return self.coroutines.run(coroutine)

    def report(self, job_id: int, progress: Progress) -> None:
        """Show how far the attempt has come, and leave it for the guard to store."""
        self._slot.show_progress(describe(progress))
        with self._lock:
            self._progress[job_id] = progress

    def take_progress(self) -> dict[int, Progress]:
        """What each job reported last, if it was not taken yet; whoever takes it stores it."""
        with self._lock:
            taken, self._progress = self._progress, {}
            return taken

    def connection(self) -> Connection:
        """The connection for the jobs' own statements, opened when first asked for."""
        if self._connection is None or self._connection.closed:
            title = f"jobs: {self._slot.title}, its jobs"
            self._connection = psycopg.connect(
                self.dsn, autocommit=True, application_name=title, **SOCKET
            )
        return self._connection

    def begin(self) -> Connection:
        """Begin a transaction on that connection."""
        connection = self.connection()
        connection.execute("BEGIN")
        return connection

    def roll_back(self) -> None:
        """Undo the transaction begun."""
        if self._connection is None or self._connection.closed or self._is_copy():
            return
        try:
            self._connection.rollback()
        except psycopg.Error:
            self._connection.close()  # which undoes it as well

    def complete(self, outcome: Outcome) -> Outcome:
        """Store a completion in the transaction begun, and commit both or none."""
        if self._is_copy():
            return outcome
        connection = self.connection()
        with self._lock:
            progress = self._progress.pop(outcome.job_id, None)
        if progress is not None:
            run(connection, self._executor.progress(outcome.job_id, progress, self.incarnation))
        settle = self._executor.settle([outcome], self.incarnation)
        stored = [job_id for each in settle for job_id in run(connection, each)]
        if stored:
            connection.commit()
        else:
            connection.rollback()
            self._on_refused()
        return Outcome(outcome.job_id, outcome.state, outcome.seconds, stored=True)

    def _is_copy(self) -> bool:
        """Whether the job forked, and returned in the copy: the connection is not the copy's."""
        return os.getpid() != self._pid


def describe(progress: Progress) -> str:
    """Progress as a person would say it, such as `3 of 10: fonts`."""
    text = f"{progress.done:g}"
    if progress.total is not None:
        text += f" of {progress.total:g}"
    return f"{text}: {progress.message}" if progress.message else text
