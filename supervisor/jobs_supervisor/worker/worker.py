"""A worker's life: claim a batch, perform its jobs one by one, store the outcomes, claim again.

The outcomes of one batch and the claim of the next go to the server in one round trip and one
commit. No transaction is open while a job runs.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
import time
from functools import partial
from typing import Any

import setproctitle

from jobs_runtime.attempt import failed, perform
from jobs_runtime.executors.operation import Operation
from jobs_runtime.failures import FailureLog
from jobs_runtime.job import Job
from jobs_runtime.model import Claim, JobState, Outcome
from jobs_runtime.payload import encode_failure
from jobs_runtime.tracing import current_tracer, flush, traced
from jobs_supervisor import metrics
from jobs_supervisor.counters import WorkerCounters
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot
from jobs_supervisor.wake import Waiter
from jobs_supervisor.worker.assignment import WorkerAssignment
from jobs_supervisor.worker.batch import Batch
from jobs_supervisor.worker.claiming import Claiming
from jobs_supervisor.worker.delivery import Delivery
from jobs_supervisor.worker.django import close_old_connections
from jobs_supervisor.worker.forks import ForkGuard
from jobs_supervisor.worker.guard import LOOK, Guard, time_left
from jobs_supervisor.worker.recycling import Recycler
from jobs_supervisor.worker.standing import Standing
from jobs_supervisor.worker.workplace import WorkerWorkplace

logger = logging.getLogger(__name__)

POLL = 5.0
"""Seconds after which a waiting worker looks for work though nobody woke it, if that is quick."""

FLUSH = 2.0
"""Seconds that a worker at its end spends on sending its spans."""

PROGRESS_EVERY = 1.0
"""The shortest time between two writes of a job's progress, in seconds."""


class Worker:
    """One worker process.

    Args:
        assignment: what to work on.
        slot: its place in the pool.
        counters: its row of metrics.
    """

    def __init__(self, assignment: WorkerAssignment, slot: Slot, counters: WorkerCounters) -> None:
        self._jobs = assignment.jobs
        self._executor = assignment.executor
        self._supervisor_id = assignment.supervisor_id
        self._standing = Standing(assignment.pulse)
        self._slot = slot
        self._counters = counters
        self._claiming = Claiming(assignment, counters)
        self._failures = FailureLog()
        self._batch: Batch | None = None
        self._link_lock = threading.Lock()
        self._title = ""
        self._told_to_stop = 0
        self._progress_stored_at = float("-inf")
        self._draining = False
        self._parent = os.getppid()
        self._incarnation = 0
        self._recycler = Recycler(assignment.recycling.varied(random.random()), slot)  # noqa: S311
        self._waiter = Waiter(assignment.wake_pipe)
        self._delivery = Delivery(
            assignment.dsn,
            slot.title,
            self._executor,
            counters,
            gave_up=self._gave_up,
            on_lost=self._lost,
        )
        self._workplace = WorkerWorkplace(
            assignment.dsn, self._executor, slot, self._delivery.refused
        )

    def run(self) -> int:
        """Work until told to stop; gives the exit code."""
        signal.signal(signal.SIGTERM, self._drain)
        self._forks = ForkGuard()
        self._slot.enter(SlotState.CONNECTING)
        if not self._register():
            return 0
        guard = Guard(self._relieve)
        batch = None
        while not self._draining:
            guard.check()
            claims = self._exchange(batch)
            if claims:
                guard.wake()
                batch = self._perform(claims)
            else:
                guard.rest()
                batch = self._batch = None
                self._wait()
        self._slot.enter(SlotState.DRAINING)
        self._hand_in(batch)
        self._delivery.close()
        flush(FLUSH)
        return 0

    def _register(self) -> bool:
        operation = self._executor.register_worker(
            self._supervisor_id, self._slot.number, os.getpid()
        )
        if not self._delivery.open(operation):
            return False
        self._incarnation = self._delivery.incarnation
        self._workplace.incarnation = self._claiming.incarnation = self._incarnation
        self._standing.begin(time.monotonic())
        self._slot.begin_incarnation(self._incarnation)
        self._slot.enter(SlotState.IDLE)
        return True

    def _lost(self, in_doubt: bool) -> None:
        """The connection is gone: a job that is done is not to be killed for its time limit.

        If its session may yet commit a claim, who is replaced has it looked for.
        """
        if in_doubt:
            self._slot.ask_replacement()
        if threading.current_thread() is threading.main_thread():
            self._slot.enter(SlotState.CONNECTING)

    def _drain(self, _number: int, _frame: object) -> None:
        self._draining = True
        self._waiter.interrupt()

    def _gave_up(self, holding: bool) -> bool:
        """Whether to end without the database.

        What is to be stored is worth the whole drain, after which the supervisor kills; if that is
        gone, nobody would.
        """
        return self._draining and not (holding and os.getppid() == self._parent)

    def _wait(self) -> None:
        self._slot.enter(SlotState.IDLE)
        self._entitle("")
        self._recycler.look(resting=True)
        if not self._draining:
            patience = max(POLL, self._claiming.rotation.rest())
            timeout = min(patience, self._recycler.patience())
            self._slot.wait(until=time.monotonic() + timeout)
            woken = self._waiter.wait(timeout)
            self._slot.wait()
            self._claiming.rotation.rested(woken=woken)

    def _perform(self, claims: list[Claim]) -> Batch:
        batch = self._batch = Batch(self._jobs[claims[0].name].queue, claims)
        slot, jobs = self._slot, self._jobs
        self._told_to_stop = 0
        tracer = current_tracer()
        while not self._draining and (claim := batch.next()) is not None:
            now = time.monotonic()
            if claim.submitted_id is not None:
                slot.name_job(claim.submitted_id)
            slot.begin(claim.job_id, claim.name, claim.attempt, now, now + claim.options.expire_in)
            if slot.cancelled:
                outcome = Outcome(claim.job_id, JobState.CANCELLED, 0.0)
            elif tracer is None:
                outcome = self._attempt(jobs[claim.name], claim)
            else:
                attempt = partial(self._attempt, jobs[claim.name], claim)
                outcome = traced(tracer, batch.queue, claim, attempt)
            batch.ended(claim, outcome)
        self._claiming.pace.learn(batch.queue, batch.performed, time.monotonic() - batch.began)
        slot.ended(batch.performed)
        if signal.getsignal(signal.SIGTERM) != self._drain:
            signal.signal(signal.SIGTERM, self._drain)  # a job has changed it
        self._recycler.look(resting=False)
        return batch

    def _attempt(self, job: Job[Any, Any], claim: Claim) -> Outcome:
        outcome = perform(job, claim, self._workplace, self._failures)
        self._forks.end_copy(outcome)
        close_old_connections()
        if outcome.stored or not self._slot.cancelled:
            return outcome
        return self._interrupted(claim, outcome)

    def _interrupted(self, claim: Claim, outcome: Outcome) -> Outcome:
        """An attempt that was told to stop: the job was cancelled, or its time was up."""
        if self._slot.cancelled_at < self._slot.deadline:
            return Outcome(claim.job_id, JobState.CANCELLED, outcome.seconds)
        if outcome.state is JobState.COMPLETED:
            return outcome
        message = f"the attempt outlasted its {claim.options.expire_in:g} s"
        output = encode_failure("Expired", message)
        return failed(claim, outcome.seconds, output, JobState.EXPIRED)

    def _exchange(self, batch: Batch | None) -> list[Claim]:
        """Store the outcomes of a batch and claim the next, from whichever queue has one."""
        looked_last = False
        with self._link_lock:
            while True:
                now = time.monotonic()
                if self._standing.is_lost(now):
                    self._delivery.send(batch, [], self._progress(0))
                    return []
                most = self._recycler.jobs_left()
                look = self._claiming.next(now, most, looked_last=looked_last)
                if look is None:
                    return []
                if look.is_last:
                    self._slot.enter(SlotState.IDLE)  # whoever wakes the idle must count this one
                answers = self._delivery.send(batch, look.operations, self._progress(0))
                claims = self._claiming.took(look, answers, now, self._delivery.took)
                if claims:
                    return claims
                if look.is_last:
                    # If the flag was down, what was submitted until now may not be announced.
                    looked_last = not answers[0]

    def _relieve(self) -> float:
        """In the guard's thread: see to what must not wait for a slow job; gives when to again."""
        batch = self._batch
        if batch is None:
            return LOOK
        slot, now = self._slot, time.monotonic()
        if (left := time_left(now, batch.began, slot.started)) > 0:
            return left
        self._entitle(slot.job)
        if slot.cancelled and self._told_to_stop != slot.job_id:
            self._told_to_stop = slot.job_id
            self._workplace.coroutines.cancel()
        self._hand_in(batch)
        return LOOK

    def _hand_in(self, batch: Batch | None) -> None:
        """Store the outcomes and the progress known so far and give back what was not begun."""
        if batch is None:
            return
        with self._link_lock:
            waiting = batch.take_waiting()
            # Once a job's outcome is stored, its progress cannot be any more.
            progress = self._progress(0 if batch.has_ended else PROGRESS_EVERY)
            if waiting:
                self._delivery.send(batch, self._release(waiting), progress)
            elif progress or batch.has_ended:
                self._delivery.send(batch, [], progress)

    def _release(self, ids: list[int]) -> list[Operation[list[int]]]:
        self._counters.row.add(metrics.RELEASED, amount=len(ids))
        return self._executor.release(ids, self._incarnation)

    def _progress(self, not_within: float) -> list[Operation[None]]:
        """What was reported and not stored yet, unless some was within so many seconds."""
        now = time.monotonic()
        if now - self._progress_stored_at < not_within:
            return []
        taken = self._workplace.take_progress()
        if taken:
            self._progress_stored_at = now
        return [self._executor.progress(*each, self._incarnation) for each in taken.items()]

    def _entitle(self, what: str) -> None:
        if what != self._title:
            self._title = what
            title = f"jobs-supervisor: {self._slot.title}"
            setproctitle.setproctitle(f"{title}: {what}" if what else title)
