"""Whether jobs as an application declares them can be performed on the tables that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import Operation, run
from jobs_runtime.executors.pgboss.queue_rules import check_jobs
from jobs_runtime.executors.pgboss.schema import Fitness, Layout, check
from jobs_runtime.executors.pgboss.statements import statement

if TYPE_CHECKING:
    from jobs_runtime.job import Job


@dataclass(frozen=True, slots=True)
class Examination:
    """That the tables can be used, and what does not fit them.

    Attributes:
        fitness: of the tables.
        warnings: what the operator should know, a line each.
    """

    fitness: Fitness
    warnings: list[str]


def examine(connection: Connection, schema: str, jobs: Sequence[Job[Any, Any]]) -> Examination:
    """Look at the tables, and at the queues of the jobs where queues have options.

    Raises:
        SchemaError: the tables, or the policy of a queue, cannot be used.
        DeclarationError, OptionError: a job is declared with what its tables do not know.
    """
    fitness = check(connection, schema)
    warnings = [fitness.warning] if fitness.warning else []
    if fitness.layout.queued:
        policies = run(connection, _policies(fitness.layout, [job.name for job in jobs]))
        warnings += check_jobs(jobs, policies, schema)
    return Examination(fitness, warnings)


def _policies(layout: Layout, names: list[str]) -> Operation[dict[str, str]]:
    return Operation(statement("queues", layout), {"names": names}, lambda rows: dict(rows))
