"""Which jobs somebody performs."""

from __future__ import annotations

from jobs_runtime.executors.operation import Operation, load_sql


def performed_jobs() -> Operation[list[str]]:
    """The names of all jobs of the supervisors that are registered."""
    statement = load_sql(__package__ or "", "performed")
    return Operation(statement, {}, lambda rows: [name for (name,) in rows])
