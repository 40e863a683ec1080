"""Attempts made as a worker makes them, one at a time, when the test says so."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from jobs_runtime import Job
from jobs_runtime.attempt import perform
from jobs_runtime.failures import FailureLog
from jobs_runtime.model import Outcome
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.worker.workplace import WorkerWorkplace
from tests.integration.shop import Worker, executor


class Performer:
    """A worker that performs the next job of a queue.

    Attributes:
        workplace: what it offers to its attempts.
        refused: how many completions came too late.
    """

    def __init__(self, dsn: str, worker: Worker, slots: SlotMap) -> None:
        self.refused = 0
        self.workplace = WorkerWorkplace(dsn, executor, slots.workers[0], self._refuse)
        self.workplace.incarnation = worker.incarnation
        self._worker = worker

    def perform(self, job: Job[Any, Any]) -> Outcome:
        """Claim the next one, perform it and store the outcome."""
        claim = self._worker.claim_one(job.queue)
        outcome = perform(job, claim, self.workplace, FailureLog())
        if not outcome.stored:
            self._worker.settle(outcome)
        return outcome

    def _refuse(self) -> None:
        self.refused += 1


@contextmanager
def performing(dsn: str, worker: Worker) -> Generator[Performer]:
    """A worker's place for a block."""
    memory = SharedMemory.create(SlotMap.size_of(1))
    performer = Performer(dsn, worker, SlotMap(memory, 1, ()))
    try:
        yield performer
    finally:
        performer.workplace.connection().close()
        os.close(memory.descriptor)
