"""A Node pg-boss, seen from a Python application: events, queues of Node's, and Wasp's names.

jobs.pg_boss.publish("order-placed", {"id": 7})
submitted.pg_boss.details()["retrycount"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs_runtime.executors.pgboss import PgBossClient
from jobs_runtime.executors.pgboss.new_options import from_environment

if TYPE_CHECKING:
    from jobs_runtime.app import Jobs


class PgBoss:
    """The pg-boss of an application.

    Args:
        jobs: the application.

    Attributes:
        executor: what its jobs are kept with.
        new_options: what `PG_BOSS_NEW_OPTIONS` says.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self.new_options = from_environment()
        self.executor = PgBossClient(self.new_options.schema, self.new_options.defaults)
        if self.new_options.dsn is not None and jobs.database.given_dsn is None:
            jobs.database.given_dsn = self.new_options.dsn

    @property
    def schema(self) -> str:
        """Where the tables are."""
        return self.executor.schema


class SubmittedOnPgBoss:
    """What Wasp's `submittedJob.pgBoss` has, with pg-boss's own names and meanings."""

    def __init__(self, jobs: Jobs, executor: PgBossClient, job_id: str) -> None:
        self._jobs = jobs
        self._executor = executor
        self._job_id = job_id

    def details(self) -> dict[str, Any] | None:
        """The row of the job, else of the archive, else None; keys are the columns' names.

        Times are `datetime`s, `expirein` is a `timedelta`.
        """
        return self._jobs.run(self._executor.row(self._job_id))

    async def adetails(self) -> dict[str, Any] | None:
        """As `details`, from a coroutine."""
        return await self._jobs.arun(self._executor.row(self._job_id))

    def cancel(self) -> dict[str, Any]:
        """Cancel the job unless it has finished; gives `{"jobs", "requested", "updated"}`."""
        return self._answer(bool(self._jobs.run(self._executor.cancel(self._job_id))))

    async def acancel(self) -> dict[str, Any]:
        """As `cancel`, from a coroutine."""
        return self._answer(bool(await self._jobs.arun(self._executor.cancel(self._job_id))))

    def resume(self) -> dict[str, Any]:
        """Put the job back if it is cancelled; gives `{"jobs", "requested", "updated"}`."""
        return self._answer(self._jobs.run(self._executor.resume(self._job_id)))

    async def aresume(self) -> dict[str, Any]:
        """As `resume`, from a coroutine."""
        return self._answer(await self._jobs.arun(self._executor.resume(self._job_id)))

    def _answer(self, updated: bool) -> dict[str, Any]:
        return {"jobs": [self._job_id], "requested": 1, "updated": int(updated)}
