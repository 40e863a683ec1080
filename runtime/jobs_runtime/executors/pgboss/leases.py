"""The operations of a worker on the tables of a pg-boss.

A job that is taken gets a lease in a table of ours, and the worker calls it by the lease's number:
nothing is written into pg-boss's tables that Node would not write. An outcome is stored only if the
job has been active ever since it was leased.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from jobs_runtime.executors import arrays
from jobs_runtime.executors.operation import Operation, Row, first, nothing
from jobs_runtime.executors.pgboss.rows import read_claims
from jobs_runtime.executors.pgboss.schema import Fitness, Layout, look
from jobs_runtime.executors.pgboss.statements import statement
from jobs_runtime.executors.protocol import ReadyQueue
from jobs_runtime.model import Claim, JobState, Outcome, Progress

Result = TypeVar("Result")


class PgBossLeases:
    """Claims and settles jobs in the tables of pg-boss.

    Args:
        schema: where they are.

    Attributes:
        layout: what they are; those of version 20 until `look` was run.
    """

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self.layout = Layout(schema)

    def look(self, then: Result | Operation[Result]) -> Operation[Result]:
        """Find out what the tables are, and go on with `then`; running it raises `SchemaError`."""

        def learn(fitness: Fitness) -> Result | Operation[Result]:
            self.layout = fitness.layout
            return then

        return look(self.schema, learn)

    @property
    def channel(self) -> str | None:
        """Where Node notifies queues that ask for it; None if its version does not."""
        return self.layout.channel if self.layout.has("queue.notify") else None

    def probe(self, queues: Sequence[str]) -> Operation[list[ReadyQueue]]:
        """Which of the queues have claimable jobs."""
        parameters = {"pgboss_queues": list(queues)}
        return Operation(self._statement("probe"), parameters, _ready_queues)

    def claim(self, queue: str, limit: int, incarnation: int) -> Operation[list[Claim]]:
        """Take up to `limit` jobs of one queue, in order."""
        parameters = {"queue": queue, "limit": limit, "incarnation": incarnation}
        return Operation(self._statement("claim"), parameters, read_claims)

    def due_now(self, queues: Sequence[str], *, delayed: bool) -> Operation[None]:
        """Have the time of what waits come, in a transaction in which no time passes."""
        parameters = {"queues": arrays.texts(queues), "delayed": delayed}
        return Operation(self._statement("due_now"), parameters, nothing)

    def held(self, incarnation: int) -> Operation[list[Claim]]:
        """What an incarnation holds."""
        return Operation(self._statement("held"), {"incarnation": incarnation}, read_claims)

    def settle(self, outcomes: Sequence[Outcome], incarnation: int) -> Operation[list[int]]:
        """Store outcomes; gives the leases that still held."""
        return self._settle(
            incarnation,
            ids=[outcome.job_id for outcome in outcomes],
            states=[outcome.state.value for outcome in outcomes],
            outputs=[outcome.output for outcome in outcomes],
            delays=[outcome.delay for outcome in outcomes],
            refunds=[outcome.refund or _by_death(outcome) for outcome in outcomes],
            deaths=[outcome.death for outcome in outcomes],
        )

    def release(self, ids: Sequence[int], incarnation: int) -> Operation[list[int]]:
        """Give unstarted jobs back with the attempt refunded."""
        return self._settle(
            incarnation,
            ids=ids,
            states=[JobState.RETRY.value] * len(ids),
            outputs=None,
            delays=None,
            refunds=[True] * len(ids),
            deaths=None,
        )

    def progress(self, job_id: int, progress: Progress, incarnation: int) -> Operation[None]:
        """Keep how far an attempt has come."""
        text = msgspec.json.encode(progress).decode()
        parameters = {"id": job_id, "progress": text, "incarnation": incarnation}
        return Operation(self._statement("progress"), parameters, nothing)

    def stopped(self, ids: Sequence[int], incarnation: int) -> Operation[None]:
        """Say that attempts cancelled while running have ended."""
        parameters = {"ids": arrays.numbers(ids), "incarnation": incarnation}
        return Operation(self._statement("stopped"), parameters, nothing)

    def lost(self, incarnations: Sequence[int]) -> Operation[list[tuple[int, int]]]:
        """Leases, each with its incarnation, of jobs that are not active any more since then."""
        parameters = {"incarnations": arrays.numbers(incarnations)}
        return Operation(
            self._statement("lost"), parameters, lambda rows: [(row[0], row[1]) for row in rows]
        )

    def beat(self, incarnations: Sequence[int]) -> Operation[None] | None:
        """Keep Node from expiring jobs with a heartbeat; None if no job of theirs has one."""
        if not self.layout.has("job.heartbeat_on"):
            return None
        return Operation(
            self._statement("beat"), {"incarnations": arrays.numbers(incarnations)}, nothing
        )

    def _settle(
        self,
        incarnation: int,
        *,
        ids: Sequence[int],
        states: list[str],
        outputs: list[str | None] | None,
        delays: list[float] | None,
        refunds: list[bool],
        deaths: list[bool] | None,
    ) -> Operation[list[int]]:
        parameters: dict[str, object] = {
            "ids": arrays.numbers(ids),
            "states": states,
            "outputs": arrays.texts(outputs) if outputs and any(outputs) else None,
            "delays": None if delays is None else arrays.numbers(delays),
            "refunds": refunds,
            "deaths": deaths if deaths and any(deaths) else None,
            "incarnation": incarnation,
        }
        return Operation(self._statement("settle"), parameters, first)

    def _statement(self, name: str) -> bytes:
        return statement(name, self.layout)


def _by_death(outcome: Outcome) -> bool:
    """Whether the job is performed again for no fault of its own: its row counts no attempt."""
    return outcome.death and outcome.state is JobState.RETRY


def _ready_queues(rows: list[Row]) -> list[ReadyQueue]:
    return [ReadyQueue(queue, rank) for queue, rank in rows]
