"""`jobs-supervisor pgboss import`: goes through an application's jobs, and says what it does."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from jobs_runtime import Jobs
from jobs_runtime.database import Connection
from jobs_runtime.errors import JobsError, SchemaError
from jobs_runtime.executors.pgboss import moving
from jobs_runtime.executors.pgboss.schema import Mode, check
from jobs_runtime.job import Job


class Import:
    """Moves what waits for an application's jobs; to be run again at any time.

    Args:
        connection: in autocommit mode.
        schema: of pg-boss.
        jobs: the application.
        console: where it says how far it is.

    Raises:
        SchemaError: the tables are not of version 20.
    """

    def __init__(self, connection: Connection, schema: str, jobs: Jobs, console: Console) -> None:
        fitness = check(connection, schema)
        if fitness.mode is not Mode.FULL:
            raise SchemaError(
                f"the schema {schema!r} is of version {fitness.version}: jobs are imported from"
                " pg-boss 7.4 to 9.0 (version 20); let Node perform what waits there"
            )
        self._connection = connection
        self._schema = schema
        self._console = console
        self._jobs = {
            name: job for name, job in jobs.declared.items() if job.executor is jobs.executor
        }

    def run(self, batch: int) -> None:
        """Move all jobs, in batches of `batch`, then the schedules."""
        found = moving.waiting(self._connection, self._schema)
        ours = [each for each in found if each.name in self._jobs]
        self._move_jobs(ours, batch)
        for name in moving.schedule_names(self._connection, self._schema):
            if name in self._jobs:
                self._move_schedule(self._jobs[name])
            else:
                self._console.print(f"left: the schedule of {name}, no job of our own tables")
        for each in found:
            if each.waiting and each.name not in self._jobs:
                self._console.print(
                    f"left: {each.waiting:,} of {each.name}, no job of our own tables"
                )
            elif each.active:
                self._console.print(f"left: {each.active:,} of {each.name}, being performed")

    def _move_jobs(self, found: list[moving.Waiting], batch: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeRemainingColumn(), console=self._console) as progress:
            bars = {
                each.name: progress.add_task(each.name, total=each.waiting)
                for each in found
                if each.waiting
            }
            for name, bar in bars.items():
                moved = duplicates = 0
                left: dict[str, str] = {}
                while (step := self._move_batch(name, batch, left)).jobs:
                    moved, duplicates = moved + step.jobs, duplicates + step.duplicates
                    progress.update(bar, completed=moved, total=max(moved, _total(progress, bar)))
                kept = f", {duplicates:,} of them duplicates of jobs here" if duplicates else ""
                progress.console.print(f"moved: {moved:,} of {name}{kept}")
                for job_id, why in left.items():
                    progress.console.print(f"left: {job_id} of {name}: {why}")

    def _move_batch(self, name: str, batch: int, left: dict[str, str]) -> moving.Moved:
        """Move some; those that cannot be kept here are noted, and stay."""
        job = self._jobs[name]
        while True:
            try:
                return moving.move_jobs(self._connection, self._schema, job, batch, left)
            except moving.Refused as refused:
                left[refused.job_id] = str(refused)

    def _move_schedule(self, job: Job[Any, Any]) -> None:
        try:
            moved = moving.move_schedule(self._connection, self._schema, job)
        except JobsError as error:
            self._console.print(f"left: the schedule of {job.name}: {error}")
            return
        what = "moved" if moved else "removed, as one is declared here"
        self._console.print(f"{what}: the schedule of {job.name}")


def _total(progress: Progress, bar: Any) -> float:
    return next(task.total or 0 for task in progress.tasks if task.id == bar)
