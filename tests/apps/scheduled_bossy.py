"""A job that pg-boss's tables schedule."""

from __future__ import annotations

from jobs_runtime import Jobs, Schedule

jobs = Jobs()


@jobs.job(executor="PgBoss", schedule=Schedule("0 3 * * *", args={"n": 1}))
def nightly(args: dict[str, int]) -> int:
    return args["n"]
