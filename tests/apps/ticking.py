"""A job that runs every second."""

from __future__ import annotations

from jobs_runtime import Context, Jobs, Schedule

jobs = Jobs()


@jobs.job(schedule=Schedule("* * * * * *"))
def tick(_args: None, context: Context) -> str:
    return context.job_id


@jobs.job
def idle() -> None:
    """Another, that no clock submits."""
