"""`@jobs.job(...)`: a function becomes a `Job[Input, Output]`."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from jobs_runtime.errors import DeclarationError
from jobs_runtime.options import OptionValues, as_mapping, merge, validate
from jobs_runtime.payload import Codec, untyped
from jobs_runtime.schedule import Schedule
from jobs_runtime.submission import Submitter

if TYPE_CHECKING:
    from typing import Unpack

    from jobs_runtime.app import Jobs
    from jobs_runtime.context import Context

Input = TypeVar("Input")
Output = TypeVar("Output")

MAX_NAME = 200
"""The longest job name, in characters."""


class Job(Submitter[Input, Output]):
    """A declared job; submit it with `submit`, `delay(...).submit`, `asubmit`, `submit_many`.

    Attributes:
        perform: the function itself, to be called directly in a test.
        name: what it is called in the database.
        queue: where its rows wait; its own name unless declared otherwise.
        schedules: when it is submitted by itself.
    """

    def __init__(
        self,
        jobs: Jobs,
        perform: Callable[..., Any],
        name: str,
        queue: str,
        schedules: Sequence[Schedule],
        entities: Mapping[str, object],
        values: Mapping[str, object],
    ) -> None:
        super().__init__(jobs, self, (jobs.defaults, validate(values)))
        self.perform = perform
        self.name = name
        self.queue = queue
        self.schedules = tuple(schedules)
        self.entities = entities
        self.parameters = _count_parameters(perform, name)
        self.is_async = inspect.iscoroutinefunction(perform)
        merge(*self.layers)

    def __repr__(self) -> str:
        return f"<Job {self.name}>"

    @cached_property
    def input(self) -> Codec[Input]:
        """How its argument is stored."""
        return self._codec(self._input_type, f"the argument of {self.name}")

    @cached_property
    def output(self) -> Codec[Output]:
        """How its result is stored."""
        return self._codec(self._hints.get("return", Any), f"the result of {self.name}")

    def _codec(self, declared: object, what: str) -> Codec[Any]:
        if declared is Any or declared is inspect.Parameter.empty:
            return untyped(what)
        return Codec(cast("type[Any]", declared), what)

    @property
    def _input_type(self) -> object:
        if self.parameters == 0:
            return type(None)
        first = next(iter(inspect.signature(self.perform).parameters))
        return self._hints.get(first, Any)

    @cached_property
    def _hints(self) -> dict[str, object]:
        try:
            return typing.get_type_hints(self.perform)
        except NameError as error:
            raise DeclarationError(
                f"the annotations of {self.name} cannot be read: {error};"
                " import what they name at run time, not only under TYPE_CHECKING"
            ) from error


class JobDecorator:
    """What `jobs.job` is: use it bare, or call it with a name, a schedule, options."""

    def __init__(
        self,
        jobs: Jobs,
        name: str | None = None,
        queue: str | None = None,
        schedule: Schedule | Iterable[Schedule] | None = None,
        entities: Iterable[object] | Mapping[str, object] = (),
        values: Mapping[str, object] | None = None,
    ) -> None:
        self._jobs = jobs
        self._name = name
        self._queue = queue
        self._schedules = _as_schedules(schedule)
        self._entities = _by_name(entities)
        self._values = values or {}

    @overload
    def __call__(self, perform: Callable[[], Coroutine[Any, Any, Output]]) -> Job[None, Output]: ...
    @overload
    def __call__(
        self, perform: Callable[[Input], Coroutine[Any, Any, Output]]
    ) -> Job[Input, Output]: ...
    @overload
    def __call__(
        self, perform: Callable[[Input, Context], Coroutine[Any, Any, Output]]
    ) -> Job[Input, Output]: ...
    @overload
    def __call__(self, perform: Callable[[], Output]) -> Job[None, Output]: ...
    @overload
    def __call__(self, perform: Callable[[Input], Output]) -> Job[Input, Output]: ...
    @overload
    def __call__(self, perform: Callable[[Input, Context], Output]) -> Job[Input, Output]: ...
    @overload
    def __call__(
        self,
        *,
        name: str | None = None,
        queue: str | None = None,
        schedule: Schedule | Iterable[Schedule] | None = None,
        entities: Iterable[object] | Mapping[str, object] = (),
        **options: Unpack[OptionValues],
    ) -> JobDecorator: ...
    def __call__(
        self,
        perform: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        queue: str | None = None,
        schedule: Schedule | Iterable[Schedule] | None = None,
        entities: Iterable[object] | Mapping[str, object] = (),
        **options: Unpack[OptionValues],
    ) -> JobDecorator | Job[Any, Any]:
        """Declare a job.

        Args:
            perform: a `def` or `async def` of no parameter, `(args)` or `(args, context)`.
            name: default the function's name.
            queue: jobs of one queue are performed in one order of priority and age; default a
                queue of its own, named as the job.
            schedule: one or several `Schedule`s.
            entities: objects or classes to be found in `context.entities`.
            options: the job's default options, see `OptionValues`.

        Raises:
            DeclarationError: the name is taken or unusable, or the function has other parameters.
            OptionError: an option is unknown or out of range.
        """
        if perform is None:
            return JobDecorator(self._jobs, name, queue, schedule, entities, as_mapping(options))
        job_name = self._name or getattr(perform, "__name__", "")
        _check_name("job", job_name)
        job: Job[Any, Any] = Job(
            self._jobs,
            perform,
            job_name,
            _check_name("queue", self._queue or job_name),
            self._schedules,
            self._entities,
            self._values,
        )
        self._jobs.register(job)
        return job


def _count_parameters(perform: Callable[..., Any], name: str) -> int:
    try:
        parameters = inspect.signature(perform).parameters.values()
    except (TypeError, ValueError) as error:
        raise DeclarationError(f"job {name}: {perform!r} is not a function: {error}") from error
    positional = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if len(positional) > 2 or len(positional) != len(list(parameters)):
        raise DeclarationError(
            f"job {name} must take (), (args) or (args, context), not {inspect.signature(perform)}"
        )
    return len(positional)


def _check_name(what: str, name: str) -> str:
    if not name.isprintable() or not name or any(letter.isspace() for letter in name):
        raise DeclarationError(f"a {what} name has printable characters and no spaces: {name!r}")
    if len(name) > MAX_NAME:
        raise DeclarationError(f"a {what} name has at most {MAX_NAME} characters: {name!r}")
    return name


def _as_schedules(schedule: Schedule | Iterable[Schedule] | None) -> list[Schedule]:
    if schedule is None:
        return []
    schedules = [schedule] if isinstance(schedule, Schedule) else list(schedule)
    names = [each.name for each in schedules]
    if len(set(names)) < len(names):
        raise DeclarationError(
            "several schedules of one job need names that differ: Schedule(..., name='nightly')"
        )
    return schedules


def _by_name(entities: Iterable[object] | Mapping[str, object]) -> dict[str, object]:
    if isinstance(entities, Mapping):
        return dict(cast("Mapping[str, object]", entities))
    return {getattr(entity, "__name__", type(entity).__name__): entity for entity in entities}
