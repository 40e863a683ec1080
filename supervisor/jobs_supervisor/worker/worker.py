"""A worker's life: claim a batch, perform its jobs one by one, store the outcomes, claim again.

The outcomes of one batch and the claim of the next go to the server in one round trip and one
commit. No transaction is open while a job runs.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import setproctitle

from jobs_runtime.attempt import failed, perform
from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.postgres.upkeep import held
from jobs_runtime.executors.protocol import START, Position, WorkerExecutor
from jobs_runtime.job import Job
from jobs_runtime.model import Claim, JobState, Outcome
from jobs_runtime.payload import encode_failure
from jobs_supervisor import metrics
from jobs_supervisor.counters import WorkerCounters
from jobs_supervisor.slots import Slot, SlotState
from jobs_supervisor.wake import Waiter, WakePipe
from jobs_supervisor.worker.batch import Batch
from jobs_supervisor.worker.coroutines import CoroutineRunner
from jobs_supervisor.worker.guard import SLOW, Guard
from jobs_supervisor.worker.link import ConnectionLost, Link
from jobs_supervisor.worker.pace import Pace
from jobs_supervisor.worker.rotation import Rotation

logger = logging.getLogger(__name__)

POLL = 5.0
"""Seconds after which a waiting worker looks for work though nobody woke it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker is given to work with.

    Attributes:
        dsn: where its jobs are kept.
        supervisor_id: whose worker it is.
        jobs: the declared jobs by name.
    """

    dsn: str
    supervisor_id: str
    jobs: Mapping[str, Job[Any, Any]]
    executor: WorkerExecutor
    wake_pipe: WakePipe


class Worker:
    """One worker process.

    Args:
        assignment: what to work on.
        slot: its place in the pool.
        counters: its row of metrics.
    """

    def __init__(self, assignment: Assignment, slot: Slot, counters: WorkerCounters) -> None:
        self._jobs = assignment.jobs
        self._executor = assignment.executor
        self._supervisor_id = assignment.supervisor_id
        self._slot = slot
        self._counters = counters
        self._names_of = _names_by_queue(assignment.jobs)
        self._queues = list(self._names_of)
        self._rotation = Rotation()
        self._pace = Pace()
        self._coroutines = CoroutineRunner()
        self._batch: Batch | None = None
        self._link_lock = threading.Lock()
        self._title = ""
        self._told_to_stop = 0
        self._draining = False
        self._incarnation = 0
        self._last_queue = self._queues[0]
        self._waiter = Waiter(assignment.wake_pipe)
        self._link = Link(assignment.dsn, f"jobs: {slot.title}", lambda: self._draining)

    def run(self) -> int:
        """Work until told to stop; gives the exit code."""
        signal.signal(signal.SIGTERM, self._drain)
        self._slot.enter(SlotState.CONNECTING)
        if not self._register():
            return 0
        guard = Guard(self._relieve)
        batch = None
        while not self._draining:
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
        self._link.close()
        return 0

    def _register(self) -> bool:
        operation = self._executor.register_worker(
            self._supervisor_id, self._slot.number, os.getpid()
        )
        while self._link.connect():
            try:
                self._incarnation = self._link.run([operation])[0]
            except ConnectionLost:
                continue
            self._slot.begin_incarnation(self._incarnation)
            self._slot.enter(SlotState.IDLE)
            return True
        return False

    def _drain(self, _number: int, _frame: object) -> None:
        self._draining = True
        self._waiter.interrupt()

    def _wait(self) -> None:
        self._slot.enter(SlotState.IDLE)
        self._entitle("")
        if not self._draining:
            self._waiter.wait(POLL)
            self._rotation.forget_positions()

    def _perform(self, claims: list[Claim]) -> Batch:
        batch = self._batch = Batch(self._jobs[claims[0].name].queue, claims)
        slot, jobs, counters = self._slot, self._jobs, self._counters
        while not self._draining and (claim := batch.next()) is not None:
            now = time.monotonic()
            slot.begin(claim.job_id, claim.name, claim.attempt, now, now + claim.options.expire_in)
            if slot.cancelled:
                outcome = Outcome(claim.job_id, JobState.CANCELLED, 0.0)
            else:
                outcome = self._attempt(jobs[claim.name], claim)
            batch.ended(outcome)
            counters.attempt(claim, outcome)
        self._pace.learn(batch.queue, batch.performed, time.monotonic() - batch.began)
        slot.ended(batch.performed)
        return batch

    def _is_cancelled(self) -> bool:
        return self._slot.cancelled

    def _attempt(self, job: Job[Any, Any], claim: Claim) -> Outcome:
        outcome = perform(job, claim, self._is_cancelled, self._coroutines.run)
        return self._interrupted(claim, outcome) if self._slot.cancelled else outcome

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
        probed = False
        with self._link_lock:
            while True:
                now = time.monotonic()
                turn = self._rotation.next(now)
                if turn is None:
                    if probed:
                        return []
                    # Whoever is about to wake idle workers must count this one before it looks.
                    self._slot.enter(SlotState.IDLE)
                probing = turn is None or self._rotation.wants_refresh(now)
                queue, after = turn or (self._last_queue, START)
                limit = self._pace.limit(queue)
                operations = self._probe() if probing else []
                operations.append(self._claim(queue, after, limit))
                *answers, claims = self._store(batch, operations)
                cost = time.monotonic() - now
                if probing:
                    probed = True
                    self._rotation.refresh(answers[-1], now, cost)
                self._rotation.took(queue, after, claims, limit, now, cost)
                self._counters.claimed(len(claims), cost)
                if claims:
                    self._last_queue = queue
                    return claims

    def _probe(self) -> list[Operation[Any]]:
        # Submits must know that a worker may wait before it looks for the last time.
        idle = self._executor.going_idle(self._supervisor_id)
        return [idle, self._executor.probe(self._queues)]

    def _claim(self, queue: str, after: Position, limit: int) -> Operation[list[Claim]]:
        return self._executor.claim(queue, self._names_of[queue], after, limit, self._incarnation)

    def _store(self, batch: Batch | None, others: Sequence[Operation[Any]]) -> list[Any]:
        """Store what a batch has to store and run other operations with it; however long it takes.

        Gives the answers of the other operations.
        """
        outcomes = batch.take_outcomes() if batch is not None else []
        mine = self._settle(outcomes)
        try:
            answers = self._link.run([*mine, *others])
        except ConnectionLost as error:
            return self._recover(outcomes, batch, mine, others, error)
        self._count_lost(outcomes, answers[: len(mine)])
        return answers[len(mine) :]

    def _settle(self, outcomes: Sequence[Outcome]) -> list[Operation[Any]]:
        cancelled = [each.job_id for each in outcomes if each.state is JobState.CANCELLED]
        if not cancelled:
            return [*self._executor.settle(outcomes, self._incarnation)]
        others = [each for each in outcomes if each.state is not JobState.CANCELLED]
        return [
            *self._executor.settle(others, self._incarnation),
            self._executor.stopped(cancelled, self._incarnation),
        ]

    def _recover(
        self,
        outcomes: Sequence[Outcome],
        batch: Batch | None,
        mine: Sequence[Operation[Any]],
        others: Sequence[Operation[Any]],
        error: ConnectionLost,
    ) -> list[Any]:
        """Connect again and repeat the operations: the fence makes a second time harmless.

        A claim whose answer was lost is found by what the incarnation holds, and given back.
        """
        logger.warning("%s lost its connection: %s", self._slot.title, error)
        known = {outcome.job_id for outcome in outcomes} | set(batch.held() if batch else [])
        for pause in self._link.connections():
            self._counters.row.add(metrics.RECONNECTS)
            try:
                (claims,) = self._link.run([held(self._incarnation)])
                unknown = [claim.job_id for claim in claims if claim.job_id not in known]
                release = self._executor.release(unknown, self._incarnation)
                return self._link.run([*mine, release, *others])[len(mine) + 1 :]
            except ConnectionLost:
                time.sleep(pause)
        raise SystemExit(0)

    def _count_lost(self, outcomes: Sequence[Outcome], answers: Sequence[Any]) -> None:
        stored = sum(len(ids) for ids in answers if ids is not None)
        expected = sum(outcome.state is not JobState.CANCELLED for outcome in outcomes)
        if lost := expected - stored:
            logger.warning("%d outcomes refused: the jobs were given to others", lost)
            self._counters.row.add(metrics.LOST, amount=lost)

    def _relieve(self) -> None:
        """In the guard's thread: see to what must not wait for a slow job."""
        batch = self._batch
        if batch is None or time.monotonic() - batch.began < SLOW:
            return
        slot = self._slot
        self._entitle(f"{slot.job_name} #{slot.job_id}")
        if slot.cancelled and self._told_to_stop != slot.job_id:
            self._told_to_stop = slot.job_id
            self._coroutines.cancel()
        self._hand_in(batch)

    def _hand_in(self, batch: Batch | None) -> None:
        """Store the outcomes known so far and give back what was not begun."""
        if batch is None:
            return
        with self._link_lock:
            waiting = batch.take_waiting()
            if waiting:
                self._store(batch, [self._executor.release(waiting, self._incarnation)])
                self._counters.row.add(metrics.RELEASED, amount=len(waiting))
            elif batch.has_outcomes:
                self._store(batch, [])

    def _entitle(self, what: str) -> None:
        if what != self._title:
            self._title = what
            title = f"jobs-supervisor: {self._slot.title}"
            setproctitle.setproctitle(f"{title}: {what}" if what else title)


def _names_by_queue(jobs: Mapping[str, Job[Any, Any]]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for job in jobs.values():
        names.setdefault(job.queue, []).append(job.name)
    return names
