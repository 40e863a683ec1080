"""Submitting a job: now or later, one or many, on our pool or inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from jobs_runtime.borrowing import alent, lent
from jobs_runtime.errors import OptionError, PayloadError
from jobs_runtime.executors.copying import BLOCK
from jobs_runtime.model import Stored, Submission
from jobs_runtime.options import Options, OptionValues, When, as_mapping, validate
from jobs_runtime.storing import Bulk, astore, astore_many, store, store_many
from jobs_runtime.submitted import SubmittedJob
from jobs_runtime.tracing import SubmitSpan, submitting

if TYPE_CHECKING:
    from typing import Unpack

    from jobs_runtime.app import Jobs
    from jobs_runtime.job import Job

Input = TypeVar("Input")
Output = TypeVar("Output")
Optional = TypeVar("Optional")

Layers = tuple[Mapping[str, object], ...]
"""Options as they were given, the weakest first."""


class Submitter(Generic[Input, Output]):
    """Something that can be submitted: a job, or a job with a delay. Never changed in place."""

    def __init__(
        self,
        jobs: Jobs,
        job: Job[Input, Output],
        layers: Layers,
    ) -> None:
        self._jobs = jobs
        self._job = job
        self.layers = layers

    def __repr__(self) -> str:
        return f"<Job {self._job.name}, delayed>"

    def delay(self, start_after: When) -> Submitter[Input, Output]:
        """The same job, not to be performed before a moment; the last delay wins.

        Args:
            start_after: seconds or a `timedelta` from now (in a transaction of the caller's: from
                its beginning), an aware `datetime`, or an ISO 8601 string with an offset.

        Raises:
            OptionError: negative, or a moment without a time zone.
        """
        later = validate({"start_after": start_after})
        if later["start_after"] is None:
            raise OptionError("delay takes seconds or a moment, not None")
        return Submitter(self._jobs, self._job, (*self.layers, later))

    @overload
    def submit(
        self: Submitter[Optional | None, Output],
        args: None = None,
        *,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> SubmittedJob[Output]: ...
    @overload
    def submit(
        self, args: Input, *, connection: object = None, **options: Unpack[OptionValues]
    ) -> SubmittedJob[Output]: ...
    def submit(
        self,
        args: Any = None,
        *more: object,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> SubmittedJob[Output]:
        """Store one request to perform the job.

        Args:
            args: what the perform function is given; a pydantic model without its private
                attributes and the fields that it excludes.
            more: none; several values go into one argument.
            connection: the caller's own, of psycopg 3, SQLAlchemy (`Session`, `Connection`) or
                Django: the job is part of its transaction. Default our pool: the job is durable
                when this returns.
            options: stronger than those of `delay`, the job and `Jobs`; see `OptionValues`.

        Returns:
            The submitted job; false, and the one that was there already, if a unique option
            suppressed this one.

        Raises:
            PayloadError: `args` is not what the job takes, or there is more than one.
            OptionError: an option is unknown or out of range.
            DatabaseUnavailable: no connection within 10 s.
            SchemaMissing: the database has not been migrated.
            ConfigurationError: `connection` is none that can be used.
        """
        if more:
            raise self._too_many(more)
        executor = self._job.executor
        with submitting(self._job.name, self._job.queue) as span:
            layers = self._layers(options)
            submission = self._submission(args, layers, self._merged(layers), span)
            with lent(connection, self._jobs.database) as used:
                stored = store(used, executor, submission, alone=connection is None)
            submitted = self._submitted(stored)
            span.stored([submitted])
            return submitted

    @overload
    async def asubmit(
        self: Submitter[Optional | None, Output],
        args: None = None,
        *,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> SubmittedJob[Output]: ...
    @overload
    async def asubmit(
        self, args: Input, *, connection: object = None, **options: Unpack[OptionValues]
    ) -> SubmittedJob[Output]: ...
    async def asubmit(
        self,
        args: Any = None,
        *more: object,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> SubmittedJob[Output]:
        """As `submit`, from a coroutine; `connection` is an async one."""
        if more:
            raise self._too_many(more)
        executor = self._job.executor
        with submitting(self._job.name, self._job.queue) as span:
            layers = self._layers(options)
            submission = self._submission(args, layers, self._merged(layers), span)
            async with alent(connection, self._jobs.database) as used:
                stored = await astore(used, executor, submission, alone=connection is None)
            submitted = self._submitted(stored)
            span.stored([submitted])
            return submitted

    def submit_many(
        self,
        many: Iterable[Input],
        *,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> list[SubmittedJob[Output]]:
        """Store one request for each argument, all or none, by COPY.

        Args and errors are those of `submit`.
        """
        executor = self._job.executor
        with submitting(self._job.name, self._job.queue) as span:
            bulk = self._bulk(many, options, span)
            if not bulk.count:
                return []
            with lent(connection, self._jobs.database) as used:
                submitted = store_many(used, executor, bulk)
            span.stored(submitted)
            return submitted

    async def asubmit_many(
        self,
        many: Iterable[Input],
        *,
        connection: object = None,
        **options: Unpack[OptionValues],
    ) -> list[SubmittedJob[Output]]:
        """As `submit_many`, from a coroutine; `connection` is an async one."""
        executor = self._job.executor
        with submitting(self._job.name, self._job.queue) as span:
            bulk = self._bulk(many, options, span)
            if not bulk.count:
                return []
            async with alent(connection, self._jobs.database) as used:
                submitted = await astore_many(used, executor, bulk)
            span.stored(submitted)
            return submitted

    def _too_many(self, more: Sequence[object]) -> PayloadError:
        return PayloadError(
            f"{self._job.name} is submitted with one argument, not {1 + len(more)}: several values"
            " go into one, such as a dataclass; connection= and options are given by name"
        )

    def _layers(self, given: OptionValues) -> Layers:
        return (*self.layers, as_mapping(given)) if given else self.layers

    def _submission(
        self, args: Any, layers: Layers, merged: Options, span: SubmitSpan
    ) -> Submission:
        job = self._job
        return Submission(job.name, job.queue, job.input.encode(args), merged, span.trace, layers)

    def _bulk(
        self, many: Iterable[Any], given: OptionValues, span: SubmitSpan
    ) -> Bulk[SubmittedJob[Output]]:
        """Submissions of which the first are made at once: what is wrong with a few is said then.

        The others are made while the server takes in those before.
        """
        _check_several(many, self._job.name)
        layers = self._layers(given)
        merged = self._merged(layers)
        every = list(many)
        made = self._made(every, layers, merged, span)
        made = chain(list(islice(made, BLOCK)), made)
        return Bulk(self._job.queue, merged, len(every), made, self._submitted)

    def _made(
        self, many: Iterable[Any], layers: Layers, merged: Options, span: SubmitSpan
    ) -> Iterator[Submission]:
        for index, args in enumerate(many):
            try:
                yield self._submission(args, layers, merged, span)
            except PayloadError as error:
                raise PayloadError(f"at index {index}: {error}") from error

    @cached_property
    def _own(self) -> Options:
        """The options of all that is submitted without any of its own."""
        return self._job.merged(*self.layers)

    def _merged(self, layers: Layers) -> Options:
        if layers is self.layers:
            return self._job.with_followers(self._own)
        options = layers[-1]
        try:
            return self._job.options_for(*layers)
        except OptionError:
            name, parameter = self._job.name, self._job.parameter
            if parameter in options and parameter not in Options.__struct_fields__:
                raise OptionError(
                    f"the argument of {name} is given by its place:"
                    f" submit(argument), not submit({parameter}=argument)"
                ) from None
            raise

    def _submitted(self, stored: Stored) -> SubmittedJob[Output]:
        job = self._job
        return SubmittedJob(self._jobs, stored.job_id, job.name, job, duplicate=stored.duplicate)


def _check_several(many: object, name: str) -> None:
    # Text and a mapping can be iterated over, but nobody who gives one means that.
    if not isinstance(many, Iterable) or isinstance(many, str | bytes | Mapping):
        kind = type(cast("object", many)).__name__
        raise PayloadError(
            f"submit_many takes a list, or another iterable, of arguments of {name}, not one {kind}"
        )
