"""`Jobs`: an application's registry of declared jobs, and its way to the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from jobs_runtime.database import Database
from jobs_runtime.declaration import JobDecorator
from jobs_runtime.errors import DeclarationError, ScheduleError
from jobs_runtime.executors import operation as operations
from jobs_runtime.executors.operation import Operation
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.executors.postgres.timetable import schedule_key
from jobs_runtime.executors.protocol import PG_BOSS_EXECUTOR_NAME, ClientExecutor
from jobs_runtime.job import Job
from jobs_runtime.model import JobRecord, Pause
from jobs_runtime.options import OptionValues, as_mapping, validate
from jobs_runtime.pausing import Queue
from jobs_runtime.schedule import Schedule
from jobs_runtime.submitted import SubmittedJob
from jobs_runtime.suggestions import nearest
from jobs_runtime.timetable import StoredSchedule

if TYPE_CHECKING:
    from typing import Unpack

    from jobs_runtime.pgboss import PgBoss

Result = TypeVar("Result")


class Jobs:
    """The jobs of an application: declare with `@jobs.job(...)`, find with `jobs.get(job_id)`.

    Args:
        dsn: a connection string; default `DATABASE_URL`, read at first use.
        defaults: default options of every job declared here, see `OptionValues`.

    Raises:
        OptionError: a default is unknown or out of range.
    """

    def __init__(self, dsn: str | None = None, **defaults: Unpack[OptionValues]) -> None:
        self.database = Database(dsn)
        self.defaults: Mapping[str, object] = validate(as_mapping(defaults))
        self.executor: ClientExecutor = PostgresExecutor()
        self.declared: dict[str, Job[Any, Any]] = {}
        self.job = JobDecorator(self)
        self._pg_boss: PgBoss | None = None

    def __repr__(self) -> str:
        return f"<Jobs {', '.join(self.declared) or 'none declared'}>"

    @property
    def pg_boss(self) -> PgBoss:
        """The pg-boss whose tables jobs of the executor PgBoss are kept in.

        `PG_BOSS_NEW_OPTIONS` is read at first use.

        Raises:
            ConfigurationError: that does not parse, or has what cannot be used.
        """
        if self._pg_boss is None:
            from jobs_runtime.pgboss import PgBoss

            self._pg_boss = PgBoss(self)
        return self._pg_boss

    @property
    def uses_pg_boss(self) -> bool:
        """Whether `pg_boss` was used, as a job that is kept there does."""
        return self._pg_boss is not None

    @property
    def pg_boss_jobs(self) -> list[Job[Any, Any]]:
        """The jobs declared here that are kept in pg-boss's tables."""
        if self._pg_boss is None:
            return []
        executor = self._pg_boss.executor
        return [job for job in self.declared.values() if job.executor is executor]

    @property
    def pg_boss_schema(self) -> str | None:
        """Where pg-boss's tables are, if any job declared here is kept in them."""
        return self.pg_boss.schema if self.pg_boss_jobs else None

    def executor_named(self, name: str) -> ClientExecutor:
        """The executor that jobs name when they are declared.

        Raises:
            DeclarationError: there is none of this name.
        """
        if name == self.executor.name:
            return self.executor
        if name == PG_BOSS_EXECUTOR_NAME:
            return self.pg_boss.executor
        known = [self.executor.name, PG_BOSS_EXECUTOR_NAME]
        raise DeclarationError(f"unknown executor {name!r}{nearest(name, known)}")

    def register(self, job: Job[Any, Any]) -> None:
        """Add a declared job.

        Raises:
            DeclarationError: another job has this name.
        """
        if job.name in self.declared:
            first = self.declared[job.name].perform
            raise DeclarationError(
                f"two jobs are named {job.name!r}: {first.__module__}.{first.__qualname__} and"
                f" {job.perform.__module__}.{job.perform.__qualname__}; give one a name="
            )
        for other in self.declared.values():
            if other.queue == job.queue and other.executor is not job.executor:
                raise DeclarationError(
                    f"the jobs {other.name} and {job.name} share the queue {job.queue!r} but not"
                    " the executor; give one a queue="
                )
            if other.queue == job.queue and (other.limits or job.limits):
                limited = job if job.limits else other
                raise DeclarationError(
                    f"job {limited.name} has limits and so needs a queue of its own, but"
                    f" {(other if limited is job else job).name} waits in {job.queue!r} too"
                )
        self.declared[job.name] = job

    def get(self, job_id: str) -> SubmittedJob[Any] | None:
        """Find a submitted job by id, finished ones too.

        Args:
            job_id: as `SubmittedJob.job_id` gave it.

        Returns:
            The job, whether this application declares it or not; None if there is none, or if it
            has passed its retention.

        Raises:
            DatabaseUnavailable: no connection within 10 s.
            SchemaMissing: the database has not been migrated.
            TypeError: `job_id` is not a string.
        """
        executor = self._keeping(job_id)
        return self._submitted(self.run(executor.details(job_id)), executor)

    async def aget(self, job_id: str) -> SubmittedJob[Any] | None:
        """As `get`, from a coroutine."""
        executor = self._keeping(job_id)
        return self._submitted(await self.arun(executor.details(job_id)), executor)

    def queue(self, name: str) -> Queue:
        """A queue, to be paused and resumed; jobs themselves can be, too."""
        return Queue(self, name)

    def paused(self) -> list[Pause]:
        """What is paused at present."""
        return self.run(self.executor.paused())

    async def apaused(self) -> list[Pause]:
        """As `paused`, from a coroutine."""
        return await self.arun(self.executor.paused())

    def schedule(self, job: Job[Any, Any], schedule: Schedule) -> StoredSchedule:
        """Have a job submitted by the clock, from now until the schedule is removed.

        Schedules that are known in advance are better declared: `@jobs.job(schedule=...)`.

        Args:
            job: what to submit.
            schedule: when; with a `name`. One of this job and name made before is replaced.

        Raises:
            ScheduleError: it has no name, or code declares one of this job and name.
            PayloadError, OptionError: its args or options do not fit the job.
        """
        write = self._write(job, schedule)
        return self._stored(job, schedule, self.run(write), self.schedules())

    async def aschedule(self, job: Job[Any, Any], schedule: Schedule) -> StoredSchedule:
        """As `schedule`, from a coroutine."""
        written = await self.arun(self._write(job, schedule))
        return self._stored(job, schedule, written, await self.aschedules())

    def schedules(self) -> list[StoredSchedule]:
        """Every schedule there is, of whatever application on this database."""
        return [StoredSchedule(self, each) for each in self.run(self.executor.timetable.read())]

    async def aschedules(self) -> list[StoredSchedule]:
        """As `schedules`, from a coroutine."""
        records = await self.arun(self.executor.timetable.read())
        return [StoredSchedule(self, each) for each in records]

    def run(self, operation: Operation[Result]) -> Result:
        """Run one operation on the application's pool.

        Raises:
            DatabaseUnavailable: no connection within 10 s, or it broke.
        """
        with self.database.connection() as connection:
            return operations.run(connection, operation)

    async def arun(self, operation: Operation[Result]) -> Result:
        """As `run`, from a coroutine."""
        async with self.database.async_connection() as connection:
            return await operations.arun(connection, operation)

    def close(self) -> None:
        """Close the connections; they open again when used again."""
        self._forget_tables()
        self.database.close()

    async def aclose(self) -> None:
        """As `close`, from a coroutine, for the connections of its event loop too."""
        self._forget_tables()
        await self.database.aclose()

    def _forget_tables(self) -> None:
        """What connects again may find a pg-boss that was upgraded meanwhile."""
        if self._pg_boss is not None:
            self._pg_boss.executor.tables = None

    def _write(self, job: Job[Any, Any], schedule: Schedule) -> Operation[bool]:
        _check_kinds(job, schedule)
        if job.executor is not self.executor:
            raise ScheduleError(
                f"job {job.name} is kept by {job.executor.name}: its schedule is declared with it,"
                " @jobs.job(schedule=...), or made by Node's boss.schedule()"
            )
        if not schedule.name:
            raise ScheduleError("a schedule made at run time needs a name: Schedule(..., name='x')")
        return self.executor.timetable.write(job, schedule)

    def _stored(
        self,
        job: Job[Any, Any],
        schedule: Schedule,
        written: bool,
        stored: list[StoredSchedule],
    ) -> StoredSchedule:
        key = schedule_key(job, schedule)
        if not written:
            raise ScheduleError(f"the schedule {key} is declared in code")
        for each in stored:
            if each.record.key == key:
                return each
        raise ScheduleError(f"the schedule {key} was removed meanwhile")

    def _keeping(self, job_id: object) -> ClientExecutor:
        if not isinstance(job_id, str):
            raise TypeError(f"a job id is a string, not {job_id!r}")
        used = self.uses_pg_boss and not job_id.isdecimal()
        return self.pg_boss.executor if used else self.executor

    def _submitted(
        self, record: JobRecord | None, executor: ClientExecutor
    ) -> SubmittedJob[Any] | None:
        if record is None:
            return None
        job = self.declared.get(record.name)
        return SubmittedJob(self, record.job_id, record.name, job, executor=executor)


def _check_kinds(job: object, schedule: object) -> None:
    if not isinstance(job, Job):
        raise DeclarationError(f"schedule() takes a declared job, not {job!r}")
    if not isinstance(schedule, Schedule):
        raise DeclarationError(
            f"schedule takes Schedule('*/5 * * * *', name='x'), not {schedule!r}"
        )
