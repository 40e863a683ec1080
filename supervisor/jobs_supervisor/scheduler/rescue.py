"""Settles what dead workers held: the guilty job is retried or failed, the rest given back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from jobs_runtime.attempt import failed
from jobs_runtime.database import Connection
from jobs_runtime.errors import SchemaError
from jobs_runtime.executors.mixed import MixedExecutor
from jobs_runtime.executors.operation import Operation, run
from jobs_runtime.executors.pgboss import PgBossLeases
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.executors.protocol import WorkerExecutor
from jobs_runtime.executors.together import run_together
from jobs_runtime.model import Claim, JobState, Outcome
from jobs_runtime.payload import encode_failure
from jobs_supervisor import metrics
from jobs_supervisor.counters import Row
from jobs_supervisor.obituary import Obituary, Verdict
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.scheduler.heartbeat import LATE
from jobs_supervisor.slots import Slot

logger = logging.getLogger(__name__)

MAX_DEATHS = 3
"""After so many worker deaths a job is quarantined: failed, with the reason kept."""

MAX_LOSSES = 10
"""The same if nobody saw the last one. A host goes away for many reasons, but a job may be one of
them: a container that lacks memory may be killed as a whole."""

RECONCILE_EVERY = 4.0
"""Seconds between two comparisons of the registered incarnations with those that live."""

KEPT_WAITING = (
    psycopg.errors.QueryCanceled,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
)
"""What ends a statement that waits for somebody's transaction; the connection is still good."""

STALE_AFTER = 20.0
"""Seconds of silence after which a supervisor is given up for dead."""


class Rescue:
    """Settles one dead incarnation at a time.

    Args:
        row: where it counts.
        jobs: the names of the declared jobs, which metrics are kept for.
    """

    def __init__(self, row: Row, jobs: Sequence[str]) -> None:
        self._row = row
        self._jobs = frozenset(jobs)

    def bury(self, connection: Connection, obituary: Obituary) -> None:
        """Settle as `settle` does; what cannot be is left to `LocalReconciliation`.

        Raises:
            psycopg.OperationalError, psycopg.InterfaceError: it is to be tried again.
        """
        try:
            self.settle(connection, obituary)
        except psycopg.Error as error:
            lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
            if lost and not isinstance(error, KEPT_WAITING):
                raise
            logger.error("what a dead worker held cannot be settled: %s", str(error).strip())

    def settle(self, connection: Connection, obituary: Obituary) -> None:
        """Settle everything a dead incarnation held, and forget it, in one transaction."""
        incarnation = obituary.incarnation
        executor = _holder(connection, incarnation)
        claims = _held(connection, executor, incarnation)
        guilty = [claim for claim in claims if claim.job_id == obituary.job_id]
        outcomes = [self._judge(claim, obituary) for claim in guilty]
        settled = [outcome for outcome in outcomes if outcome is not None]
        released = {claim.job_id for claim in claims} - {each.job_id for each in settled}
        operations: list[Operation[Any]] = [*executor.settle(settled, incarnation)]
        operations += executor.release(sorted(released), incarnation)
        operations.append(upkeep.forget_worker(incarnation))
        run_together(connection, operations)
        self._count_attempts(claims, settled)
        self._count(obituary, settled, released)

    def settle_unknown(self, connection: Connection, incarnation: int) -> None:
        """Settle an incarnation of which nobody saw the end: any of its jobs may have run.

        Each is performed once more, its attempt counted, or quarantined after many such losses.
        """
        executor = _holder(connection, incarnation)
        claims = _held(connection, executor, incarnation)
        reason = "the worker's host or supervisor went away"
        output = encode_failure("WorkerLost", reason)
        outcomes = [self._after_death(each, 0.0, output, reason, MAX_LOSSES) for each in claims]
        operations: list[Operation[Any]] = [*executor.settle(outcomes, incarnation)]
        operations.append(upkeep.forget_worker(incarnation))
        run_together(connection, operations)
        self._count_attempts(claims, outcomes)
        if claims:
            logger.warning("incarnation %d vanished: %d jobs run again", incarnation, len(claims))
            self._row.add(metrics.RESCUED, "unknown", amount=len(claims))

    def _judge(self, claim: Claim, obituary: Obituary) -> Outcome | None:
        if obituary.verdict is Verdict.RELEASED:
            return None
        seconds = obituary.seconds
        if obituary.verdict is Verdict.EXPIRED:
            output = encode_failure("Expired", obituary.reason)
            return failed(claim, seconds, output, JobState.EXPIRED)
        output = encode_failure("WorkerDied", obituary.reason)
        return self._after_death(claim, seconds, output, obituary.reason, MAX_DEATHS)

    def _after_death(
        self, claim: Claim, seconds: float, output: str, reason: str, most: int
    ) -> Outcome:
        """An attempt whose worker died is made again, whatever the job's retry limit, or is not."""
        if claim.deaths + 1 < most:
            return Outcome(claim.job_id, JobState.RETRY, seconds, output, death=True)
        logger.error("%s %s is quarantined: %s", claim.name, claim.known_as, reason)
        if claim.name in self._jobs:
            self._row.add(metrics.QUARANTINED, claim.name)
        return Outcome(claim.job_id, JobState.FAILED, seconds, output, death=True)

    def _count_attempts(self, claims: Sequence[Claim], outcomes: Sequence[Outcome]) -> None:
        """Count the attempts whose worker did not live to do so."""
        states = {outcome.job_id: outcome.state for outcome in outcomes}
        for claim in claims:
            if claim.job_id in states and claim.name in self._jobs:
                self._row.add(metrics.ATTEMPTS, claim.name, states[claim.job_id].value)

    def _count(self, obituary: Obituary, settled: list[Outcome], released: set[int]) -> None:
        if settled:
            self._row.add(metrics.RESCUED, obituary.verdict.value, amount=len(settled))
        if released:
            self._row.add(metrics.RESCUED, Verdict.RELEASED.value, amount=len(released))


def _holder(connection: Connection, incarnation: int) -> WorkerExecutor:
    """Where an incarnation's claims are."""
    found = [PgBossLeases(each) for each in run(connection, upkeep.leased_tables(incarnation))]
    usable = [each for each in found if _is_usable(connection, each)]
    return MixedExecutor(usable) if usable else PostgresExecutor()


def _is_usable(connection: Connection, leases: PgBossLeases) -> bool:
    try:
        run(connection, leases.look(None))
    except SchemaError as error:
        logger.warning("what is held there is left to Node: %s", error)
        return False
    return True


def _held(connection: Connection, executor: WorkerExecutor, incarnation: int) -> list[Claim]:
    return [claim for each in executor.held(incarnation) for claim in run(connection, each)]


class LocalReconciliation(Duty):
    """Finds incarnations of this supervisor whose death nobody reported, and those that live on.

    A scheduler may have died between reading an obituary and settling it. Others may have given the
    host up for dead, and performed its jobs: its workers' incarnations are then refused for ever.
    """

    def __init__(self, rescue: Rescue, supervisor_id: str, workers: Sequence[Slot]) -> None:
        super().__init__()
        self._rescue = rescue
        self._supervisor_id = supervisor_id
        self._workers = workers
        self._missing: set[int] = set()

    def perform(self, connection: Connection, now: float) -> float:
        """Settle what was missing at the last look and still is: a boot takes a moment.

        Who lives and is not registered any more is to be replaced.
        """
        living = {slot.incarnation: slot for slot in self._workers if slot.incarnation}
        registered = set(run(connection, upkeep.workers_of(self._supervisor_id)))
        for incarnation in living.keys() - registered:
            self._replace(living[incarnation])
        missing = registered - living.keys()
        for incarnation in missing & self._missing:
            self._rescue.settle_unknown(connection, incarnation)
        self._missing = missing
        return now + RECONCILE_EVERY

    def _replace(self, slot: Slot) -> None:
        if not slot.replace:
            logger.warning("%s was given up for dead by others: it is replaced", slot.title)
            slot.ask_replacement()

    def settle_all(self, connection: Connection) -> None:
        """Settle every incarnation of this supervisor: none lives any more."""
        for incarnation in run(connection, upkeep.workers_of(self._supervisor_id)):
            self._rescue.settle_unknown(connection, incarnation)


class HostRescue(Duty):
    """The leader's: gives up silent supervisors, and settles what their workers held.

    When the database was away everybody was silent, and when its clock jumped ahead everybody seems
    to have been: others are judged only by a time in which this host was heard itself.

    Args:
        rescue: settles.
        supervisor_id: who judges.
        heard_since: since when this host's heartbeats have arrived, in monotonic seconds.
        tell: told of each supervisor that is given up.
    """

    def __init__(
        self,
        rescue: Rescue,
        supervisor_id: str,
        heard_since: Callable[[], float],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._rescue = rescue
        self._supervisor_id = supervisor_id
        self._heard_since = heard_since
        self._tell = tell

    def perform(self, connection: Connection, now: float) -> float:
        """Bury the dead and settle their claims."""
        if now - self._heard_since() < STALE_AFTER:
            return now + RECONCILE_EVERY
        give_up = upkeep.dead_supervisors(STALE_AFTER, self._supervisor_id, LATE)
        for supervisor_id in run(connection, give_up):
            self._tell(f"supervisor {supervisor_id} has been silent for {STALE_AFTER:.0f} s")
        for incarnation in run(connection, upkeep.orphans(STALE_AFTER)):
            self._rescue.settle_unknown(connection, incarnation)
        return now + RECONCILE_EVERY
