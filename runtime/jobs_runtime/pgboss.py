"""A Node pg-boss, seen from a Python application: events, queues of Node's, and Wasp's names.

Of the whole of it, and of one job:

    jobs.pg_boss.publish("order-placed", {"id": 7})
    submitted.pg_boss.details()["retrycount"]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Required, cast

from jobs_runtime.borrowing import alent, lent
from jobs_runtime.errors import OptionError, PayloadError
from jobs_runtime.executors.operation import arun, run
from jobs_runtime.executors.pgboss import PgBossClient
from jobs_runtime.executors.pgboss.codecs import ObjectCodec
from jobs_runtime.executors.pgboss.new_options import from_environment
from jobs_runtime.model import Stored, Submission
from jobs_runtime.options import OptionValues, as_mapping, merge
from jobs_runtime.storing import astore, astore_mixed, atogether, store, store_mixed, together
from jobs_runtime.submitted import SubmittedJob
from jobs_runtime.tracing import submitting, submitting_mixed

if TYPE_CHECKING:
    from typing import Unpack

    from jobs_runtime.app import Jobs
    from jobs_runtime.job import Job


class Insertion(OptionValues, total=False):
    """One job for `PgBoss.insert`: the options, and what they are of.

    Keys:
        name: of the queue.
        data: an object, or None.
    """

    name: Required[str]
    data: object


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
        self.new_options = said = from_environment()
        self.executor = PgBossClient(said.schema, said.defaults, said.archive_after)
        if said.dsn is not None and jobs.database.given_dsn is None:
            jobs.database.given_dsn = said.dsn

    @property
    def schema(self) -> str:
        """Where the tables are."""
        return self.executor.schema

    def send(
        self,
        name: str,
        data: object = None,
        *,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> SubmittedJob[Any]:
        """Submit to a queue by its name, such as one that only Node performs.

        Args:
            name: of the queue.
            data: an object, or None.
            connection: the caller's own, as of `Job.submit`.
            options: stronger than those of `Jobs` and `PG_BOSS_NEW_OPTIONS`; see `OptionValues`.

        Returns:
            The submitted job; false, and the one that was there already, if a unique option
            suppressed this one.

        Raises:
            PayloadError: `data` is no object, or has what `jsonb` cannot keep.
            OptionError: an option is unknown, out of range or none that pg-boss can keep.
        """
        with submitting(name, name) as span:
            submission = self._submission(name, data, as_mapping(options))
            with lent(connection, self._jobs.database) as own:
                stored = store(own, self.executor, submission)
            submitted = self._submitted(submission, stored)
            span.stored([submitted])
            return submitted

    async def asend(
        self,
        name: str,
        data: object = None,
        *,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> SubmittedJob[Any]:
        """As `send`, from a coroutine; `connection` is an async one."""
        with submitting(name, name) as span:
            submission = self._submission(name, data, as_mapping(options))
            async with alent(connection, self._jobs.database) as own:
                stored = await astore(own, self.executor, submission)
            submitted = self._submitted(submission, stored)
            span.stored([submitted])
            return submitted

    def insert(
        self, many: Iterable[Insertion], *, connection: object = None
    ) -> list[SubmittedJob[Any]]:
        """Submit to several queues at once, all or none, by COPY where nothing is unique.

        Args:
            many: `{"name": ..., "data": ..., "retry_limit": 2}` and so on for each.
            connection: the caller's own, as of `Job.submit`.

        Returns:
            What became of each, in order, as of `send`.

        Raises:
            PayloadError, OptionError: as of `send`, with the index of the one that is wrong.
        """
        with submitting_mixed() as span:
            submissions = self._insertions(many)
            with lent(connection, self._jobs.database) as own:
                stored = store_mixed(own, self.executor, submissions)
            submitted = list(map(self._submitted, submissions, stored))
            span.stored(submitted)
            return submitted

    async def ainsert(
        self, many: Iterable[Insertion], *, connection: object = None
    ) -> list[SubmittedJob[Any]]:
        """As `insert`, from a coroutine; `connection` is an async one."""
        with submitting_mixed() as span:
            submissions = self._insertions(many)
            async with alent(connection, self._jobs.database) as own:
                stored = await astore_mixed(own, self.executor, submissions)
            submitted = list(map(self._submitted, submissions, stored))
            span.stored(submitted)
            return submitted

    def publish(
        self,
        event: str,
        data: object = None,
        *,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> list[SubmittedJob[Any]]:
        """Submit to every queue that subscribes to an event, to all or to none.

        Args and errors are those of `send`.
        """
        subscribers = self.executor.subscribers(event)
        with lent(connection, self._jobs.database) as own, together(own):
            names = run(own, subscribers)
            return [self.send(name, data, connection=own, **options) for name in names]

    async def apublish(
        self,
        event: str,
        data: object = None,
        *,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> list[SubmittedJob[Any]]:
        """As `publish`, from a coroutine; `connection` is an async one."""
        subscribers = self.executor.subscribers(event)
        async with alent(connection, self._jobs.database) as own, atogether(own):
            names = await arun(own, subscribers)
            return [await self.asend(name, data, connection=own, **options) for name in names]

    def subscribe(self, event: str, queue: Job[Any, Any] | str) -> None:
        """Have a job submitted whenever Node or Python publishes an event."""
        self._jobs.run(self.executor.subscribe(event, _name_of(queue)))

    async def asubscribe(self, event: str, queue: Job[Any, Any] | str) -> None:
        """As `subscribe`, from a coroutine."""
        await self._jobs.arun(self.executor.subscribe(event, _name_of(queue)))

    def unsubscribe(self, event: str, queue: Job[Any, Any] | str) -> bool:
        """End a subscription; gives whether there was one."""
        return self._jobs.run(self.executor.unsubscribe(event, _name_of(queue)))

    async def aunsubscribe(self, event: str, queue: Job[Any, Any] | str) -> bool:
        """As `unsubscribe`, from a coroutine."""
        return await self._jobs.arun(self.executor.unsubscribe(event, _name_of(queue)))

    def _insertions(self, many: Iterable[Insertion]) -> list[Submission]:
        submissions: list[Submission] = []
        for each in many:
            options = dict(each)
            name, data = options.pop("name", None), options.pop("data", None)
            try:
                if not isinstance(name, str):
                    raise OptionError(f"the name of a queue is a text, not {name!r}")
                submissions.append(self._submission(name, data, options))
            except (PayloadError, OptionError) as error:
                raise type(error)(f"at index {len(submissions)}: {error}") from error
        return submissions

    def _submission(self, name: str, data: object, options: Mapping[str, object]) -> Submission:
        layers = (self.executor.defaults, self._jobs.defaults, options)
        merged = merge(*layers)
        self.executor.check_options(name, merged)
        codec: ObjectCodec[Any] = ObjectCodec(cast("Any", Any), f"the data for {name}")
        return Submission(name, name, codec.encode(data), merged, layers=layers)

    def _submitted(self, submission: Submission, stored: Stored) -> SubmittedJob[Any]:
        name = submission.name
        return SubmittedJob(
            self._jobs,
            stored.job_id,
            name,
            self._jobs.declared.get(name),
            duplicate=stored.duplicate,
            executor=self.executor,
        )


def _name_of(queue: Job[Any, Any] | str) -> str:
    return queue if isinstance(queue, str) else queue.name


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
