"""`@jobs.job(...)`: a function becomes a `Job[Input, Output]`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, overload

from jobs_runtime.errors import DeclarationError
from jobs_runtime.job import Declaration, Job
from jobs_runtime.limits import read_limits
from jobs_runtime.options import OptionValues, as_mapping
from jobs_runtime.retry import RetryRules
from jobs_runtime.schedule import Schedule
from jobs_runtime.signature import own_name

if TYPE_CHECKING:
    from typing import Unpack

    from jobs_runtime.app import Jobs
    from jobs_runtime.context import Context

Input = TypeVar("Input")
Output = TypeVar("Output")

MAX_NAME = 200
"""The longest job name, in characters."""


class Declare(Protocol):
    """Turns a perform function of no parameter, `(args)` or `(args, context)` into a `Job`."""

    @overload
    def __call__(
        self, perform: Callable[[Input, Context[Any]], Coroutine[Any, Any, Output]]
    ) -> Job[Input, Output]: ...
    @overload
    def __call__(
        self, perform: Callable[[Input], Coroutine[Any, Any, Output]]
    ) -> Job[Input, Output]: ...
    @overload
    def __call__(self, perform: Callable[[], Coroutine[Any, Any, Output]]) -> Job[None, Output]: ...
    @overload
    def __call__(self, perform: Callable[[Input, Context[Any]], Output]) -> Job[Input, Output]: ...
    @overload
    def __call__(self, perform: Callable[[Input], Output]) -> Job[Input, Output]: ...
    @overload
    def __call__(self, perform: Callable[[], Output]) -> Job[None, Output]: ...


class JobDecorator(Declare):
    """What `jobs.job` is: use it bare, or call it with a name, a schedule, options."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    @overload
    def __call__(
        self, perform: Callable[[Input, Context[Any]], Coroutine[Any, Any, Output]]
    ) -> Job[Input, Output]: ...
    @overload
    def __call__(
        self, perform: Callable[[Input], Coroutine[Any, Any, Output]]
    ) -> Job[Input, Output]: ...
    @overload
    def __call__(self, perform: Callable[[], Coroutine[Any, Any, Output]]) -> Job[None, Output]: ...
    @overload
    def __call__(self, perform: Callable[[Input, Context[Any]], Output]) -> Job[Input, Output]: ...
    @overload
    def __call__(self, perform: Callable[[Input], Output]) -> Job[Input, Output]: ...
    @overload
    def __call__(self, perform: Callable[[], Output]) -> Job[None, Output]: ...
    @overload
    def __call__(
        self,
        *,
        name: str | None = None,
        queue: str | None = None,
        schedule: Schedule | Iterable[Schedule] | None = None,
        entities: object = (),
        retry_for: type[BaseException] | Iterable[type[BaseException]] = (),
        give_up_on: type[BaseException] | Iterable[type[BaseException]] = (),
        concurrency: int | None = None,
        rate: str | None = None,
        executor: str = "postgres",
        **options: Unpack[OptionValues],
    ) -> Declare: ...
    def __call__(
        self,
        perform: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        queue: str | None = None,
        schedule: Schedule | Iterable[Schedule] | None = None,
        entities: object = (),
        retry_for: type[BaseException] | Iterable[type[BaseException]] = (),
        give_up_on: type[BaseException] | Iterable[type[BaseException]] = (),
        concurrency: int | None = None,
        rate: str | None = None,
        executor: str = "postgres",
        **options: Unpack[OptionValues],
    ) -> Any:
        """Declare a job.

        Args:
            perform: a `def` or `async def` of no parameter, `(args)` or `(args, context)`.
            name: default the function's name.
            queue: jobs of one queue are performed in one order of priority and age; default a
                queue of its own, named as the job.
            schedule: one or several `Schedule`s.
            entities: a list of objects or classes, each found by its name in `context.entities`;
                a mapping of such; or an object of your own, which `Context[Type]` makes typed.
            retry_for: exceptions worth another attempt; default all.
            give_up_on: exceptions that fail the job at once, whatever `retry_for` says.
            concurrency: attempts that may run at the same time, over all hosts; default no limit.
            rate: attempts that may begin in a window of time, over all hosts, such as `"100/1m"`;
                default no limit. With `limit_key`, both hold for each key apart.
            executor: where it is kept: "postgres", our own tables, or "PgBoss", those of a Node
                pg-boss, whose servers submit and perform jobs of the same names.
            options: the job's default options, see `OptionValues`.

        Raises:
            DeclarationError: the name is taken or unusable, the function has other parameters, or
                the job has limits and not a queue of its own, or the executor cannot do what is
                declared.
            OptionError: an option, of the job or of a schedule, is unknown or out of range, or
                there is a `limit_key` without limits.
        """
        if isinstance(perform, str):
            raise DeclarationError(f"the name of a job is a keyword: @jobs.job(name={perform!r})")
        rules = RetryRules(_exceptions(retry_for), _exceptions(give_up_on))
        schedules, found = _as_schedules(schedule), _as_entities(entities)

        def declare(perform: Callable[..., Any]) -> Job[Any, Any]:
            job_name = _check_name("job", own_name(perform) if name is None else name)
            job_queue = _check_name("queue", job_name if queue is None else queue)
            limits = read_limits(job_name, concurrency, rate)
            declaration = Declaration(
                job_name, job_queue, schedules, found, rules, limits, as_mapping(options), executor
            )
            job: Job[Any, Any] = Job(self._jobs, perform, declaration)
            self._jobs.register(job)
            return job

        return declare if perform is None else declare(perform)


def _check_name(what: str, name: object) -> str:
    if not isinstance(name, str) or not name or not name.isprintable() or " " in name:
        raise DeclarationError(f"a {what} name has printable characters and no spaces: {name!r}")
    if len(name) > MAX_NAME:
        raise DeclarationError(f"a {what} name has at most {MAX_NAME} characters: {name!r}")
    return name


def _exceptions(
    given: type[BaseException] | Iterable[type[BaseException]],
) -> tuple[type[BaseException], ...]:
    several = isinstance(given, Iterable) and not isinstance(given, str | type)
    exceptions: tuple[Any, ...] = tuple(cast("Iterable[Any]", given)) if several else (given,)
    for each in exceptions:
        if not (isinstance(each, type) and issubclass(each, BaseException)):
            raise DeclarationError(
                f"retry_for and give_up_on take exception classes such as OSError, not {each!r}"
            )
    return exceptions


def _as_schedules(schedule: Schedule | Iterable[Schedule] | None) -> tuple[Schedule, ...]:
    if schedule is None:
        return ()
    one = isinstance(schedule, Schedule | str)
    schedules: tuple[Any, ...] = (schedule,) if one else tuple(schedule)
    for each in schedules:
        if not isinstance(each, Schedule):
            raise DeclarationError(f"schedule takes Schedule('*/5 * * * *'), not {each!r}")
    names = [each.name for each in schedules]
    if len(set(names)) < len(names):
        raise DeclarationError(
            "several schedules of one job need names that differ: Schedule(..., name='nightly')"
        )
    return schedules


def _as_entities(entities: object) -> object:
    given: Any = entities
    if isinstance(given, Mapping):
        return SimpleNamespace(**cast("Mapping[str, object]", given))
    if type(given) in (list, set, tuple):
        found: dict[str, object] = {}
        for each in given:
            name = getattr(each, "__name__", type(each).__name__)
            if name in found:
                raise DeclarationError(
                    f"two entities are named {name!r}; give a mapping: entities={{'x': ...}}"
                )
            found[name] = each
        return SimpleNamespace(**found)
    return given
