"""Stores what attempts left, however long the database is away."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.protocol import WorkerExecutor
from jobs_runtime.model import JobState
from jobs_supervisor import metrics
from jobs_supervisor.counters import WorkerCounters
from jobs_supervisor.worker.batch import Batch, Ended
from jobs_supervisor.worker.link import ConnectionLost, Link

logger = logging.getLogger(__name__)

CANCELLED = JobState.CANCELLED
"""Looked up once: in Python 3.11 a member of an enumeration takes 130 ns, for every job."""


class Delivery:
    """One worker's way to the database: the outcomes of a batch, and operations along with them.

    Args:
        dsn: where to connect.
        title: what the server sees of the worker.
        gave_up: asked while the database is away, with whether there is something to store; when
            it says True, waiting ends.
        on_lost: called when a connection is lost, before another is waited for, with whether its
            session may yet commit what was sent: a pooler does not say which it was.

    Attributes:
        incarnation: under which outcomes are stored.
    """

    def __init__(
        self,
        dsn: str,
        title: str,
        executor: WorkerExecutor,
        counters: WorkerCounters,
        gave_up: Callable[[bool], bool],
        on_lost: Callable[[bool], None],
    ) -> None:
        self.incarnation = 0
        self._executor = executor
        self._title = title
        self._counters = counters
        self._on_lost = on_lost
        self._link = Link(dsn, f"jobs: {title}", gave_up)

    def open(self, register: Operation[int]) -> bool:
        """Connect and begin an incarnation; gives False if `gave_up` ended the wait."""
        for pause in self._link.connections(holding=False):
            try:
                self.incarnation = self._link.run([register])[0]
            except ConnectionLost as error:
                logger.warning("%s cannot begin: %s", self._title, error)
                self._link.rest(pause, holding=False)
                continue
            return True
        return False

    @property
    def took(self) -> float:
        """The seconds that the last exchange took, without any wait for a connection."""
        return self._link.took

    def close(self) -> None:
        """Say goodbye to the server."""
        self._link.close()

    def send(
        self,
        batch: Batch | None,
        others: Sequence[Operation[Any]],
        before: Sequence[Operation[None]] = (),
    ) -> list[Any]:
        """Store what a batch has to store and run other operations in the same transaction.

        Gives the answers of the other operations; those `before` the outcomes have none.
        """
        ended = batch.take_ended() if batch is not None else []
        self._counters.attempts(ended)
        outcomes = [outcome for _, outcome in ended if not outcome.stored]
        cancelled = [each.job_id for each in outcomes if each.state is CANCELLED]
        if cancelled:
            outcomes = [each for each in outcomes if each.state is not CANCELLED]
        settling = self._executor.settle(outcomes, self.incarnation)
        mine = [*before, *settling, *self._let_go(cancelled)]
        try:
            answers = self._link.run([*mine, *others])
        except ConnectionLost as error:
            return self._recover(ended, batch, mine, others, error)
        stored = [ids for ids in answers[len(before) : len(before) + len(settling)] if ids]
        if sum(map(len, stored)) < len(outcomes):
            self._see_to_late({*chain(*stored), *cancelled}, ended)
        return answers[len(mine) :]

    def refused(self, outcomes: int = 1) -> None:
        """Count outcomes that came too late: their jobs were given to others."""
        logger.warning("%d outcomes refused: the jobs were given to others", outcomes)
        self._counters.row.add(metrics.LOST, amount=outcomes)

    def _let_go(self, cancelled: Sequence[int]) -> list[Operation[Any]]:
        """Say that cancelled attempts have ended; give back what was stopped by a mistake."""
        if not cancelled:
            return []
        return [
            *self._executor.release(cancelled, self.incarnation),
            self._executor.stopped(cancelled, self.incarnation),
        ]

    def _see_to_late(self, seen_to: Container[int], ended: Sequence[Ended]) -> None:
        """Outcomes came too late: their jobs were cancelled meanwhile, or given to others."""
        late = [
            claim for claim, outcome in ended if not outcome.stored and claim.job_id not in seen_to
        ]
        ids = [claim.job_id for claim in late]
        leases = sum(job_id < 0 for job_id in ids)  # whose jobs Node took
        stopped = self._executor.stopped(ids, self.incarnation)
        given_away = self._executor.given_away([] if leases else late, self.incarnation)
        with suppress(ConnectionLost):  # the next exchange will connect again
            _, others = self._link.run([stopped, given_away])
            if others + leases:
                self.refused(others + leases)

    def _recover(
        self,
        ended: Sequence[Ended],
        batch: Batch | None,
        mine: Sequence[Operation[Any]],
        others: Sequence[Operation[Any]],
        error: ConnectionLost,
    ) -> list[Any]:
        """Connect again and repeat the operations: the fence makes a second time harmless.

        A claim whose answer was lost is found by what the incarnation holds, and given back.
        Outcomes that are not taken any more were either stored before or come too late.
        """
        logger.warning("%s lost its connection: %s", self._title, error)
        self._on_lost(self._link.pooled)
        unstored = [claim for claim, outcome in ended if not outcome.stored]
        known = {claim.job_id for claim in unstored} | set(batch.held() if batch else [])
        given_away = self._executor.given_away(unstored, self.incarnation)
        holding = batch is not None
        for pause in self._link.connections(holding=holding):
            self._counters.row.add(metrics.RECONNECTS)
            try:
                held = self._link.run(self._executor.held(self.incarnation))
                ids = [claim.job_id for claims in held for claim in claims]
                unknown = [job_id for job_id in ids if job_id not in known]
                releases = self._executor.release(unknown, self.incarnation)
                answers = self._link.run([*mine, *releases, given_away, *others])
            except ConnectionLost:
                self._link.rest(pause, holding=holding)
                continue
            refused, *answers = answers[len(mine) + len(releases) :]
            if refused:
                self.refused(refused)
            return answers
        raise SystemExit(0)
