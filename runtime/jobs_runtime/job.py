"""A declared job, and the types of what goes in and comes out."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar, cast

from jobs_runtime.errors import DeclarationError, PayloadError
from jobs_runtime.followers import with_followers
from jobs_runtime.limits import Limits, check_limit_key, with_limit_key
from jobs_runtime.options import Options, merge, validate
from jobs_runtime.pausing import Pausable
from jobs_runtime.payload import Codec
from jobs_runtime.retry import RetryRules
from jobs_runtime.schedule import Schedule
from jobs_runtime.signature import check_annotations, count_parameters
from jobs_runtime.submission import Submitter

if TYPE_CHECKING:
    from jobs_runtime.app import Jobs

Input = TypeVar("Input")
Output = TypeVar("Output")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is said of a job beside its function.

    Attributes:
        name: what it is called in the database.
        queue: where its rows wait.
        schedules: when it is submitted by itself.
        entities: what `context.entities` holds.
        retry_rules: which exceptions are worth another attempt.
        limits: how many may run or begin over all hosts; None for no limits.
        options: the job's default options, as they were given.
        executor: where it is kept, by name.
    """

    name: str
    queue: str
    schedules: tuple[Schedule, ...] = ()
    entities: object = None
    retry_rules: RetryRules = field(default_factory=RetryRules)
    limits: Limits | None = None
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    executor: str = "postgres"


class Job(Submitter[Input, Output], Pausable):
    """A declared job; submit it with `submit`, `delay(...).submit`, `asubmit`, `submit_many`.

    Attributes:
        jobs: the application it belongs to.
        executor: where it is kept.
        perform: the function itself, to be called directly in a test.
        name: what it is called in the database.
        queue: where its rows wait; its own name unless declared otherwise.
        schedules: when it is submitted by itself.
        entities: what `context.entities` holds.
        retry_rules: which exceptions are worth another attempt.
        limits: how many may run or begin over all hosts; None for no limits.
    """

    kind = "job"

    def __init__(self, jobs: Jobs, perform: Callable[..., Any], declaration: Declaration) -> None:
        self.executor = jobs.executor_named(declaration.executor)
        layers = (self.executor.defaults, jobs.defaults, validate(declaration.options))
        super().__init__(jobs, self, layers if layers[0] else layers[1:])
        self.jobs = jobs
        self.perform = perform
        self.name = declaration.name
        self.queue = declaration.queue
        self.schedules = declaration.schedules
        self.entities = declaration.entities
        self.retry_rules = declaration.retry_rules
        self.limits = declaration.limits
        self.parameters = count_parameters(perform, self.name)
        self.executor.check_job(self)
        declared = dict(chain.from_iterable(layer.items() for layer in self.layers))
        check_limit_key(declared.get("limit_key"), self.name, self.limits)
        for schedule in self.schedules:
            self.merged(*self.layers, schedule.options or {})

    def __repr__(self) -> str:
        return f"<Job {self.name}>"

    if not TYPE_CHECKING:  # to which it stays what cannot be called

        def __call__(self, *args: object, **kwargs: object) -> object:
            """Refuse: it is not said whether a worker should perform it, or this process.

            Raises:
                TypeError: always.
            """
            raise TypeError(
                f"a job is not called: {self.name}.submit(...) has a worker perform it,"
                f" {self.name}.perform(...) calls the function here"
            )

    def options_for(self, *layers: Mapping[str, object]) -> Options:
        """The options in force for one submitted job, the weakest layer first.

        Raises:
            OptionError: an option is unknown or out of range.
        """
        return self.with_followers(self.merged(*layers))

    def merged(self, *layers: Mapping[str, object]) -> Options:
        """As `options_for`, without what is declared of followers: they may not be yet.

        Raises:
            OptionError: an option is unknown or out of range.
        """
        merged = merge(*layers)
        self.executor.check_options(self.name, merged)
        return with_limit_key(merged, self.name, self.limits)

    def with_followers(self, options: Options) -> Options:
        """Options in which the followers are complete."""
        return with_followers(options, self.name, self.jobs.declared)

    def check(self) -> None:
        """Look at all that cannot be known before the application's modules are imported.

        Raises:
            DeclarationError: the annotations cannot be read, JSON cannot carry what they say, or
                the second parameter cannot be the context.
            PayloadError: the arguments of a schedule do not fit.
        """
        check_annotations(self.perform, self._hints, self.name)
        _ = self.output
        for schedule in self.schedules:
            try:
                self.input.encode(cast("Input", schedule.args))
            except PayloadError as error:
                hint = "a schedule gives it: Schedule(..., args=...)"
                raise PayloadError(f"{error}; {hint}") from None
        _ = self.input

    @cached_property
    def input(self) -> Codec[Input]:
        """How its argument is stored."""
        codec = self.executor.argument_codec
        return codec(_declared(self._input_type), f"the argument of {self.name}")

    @cached_property
    def output(self) -> Codec[Output]:
        """How its result is stored."""
        codec = self.executor.result_codec
        return codec(_declared(self._hints.get("return", Any)), f"the result of {self.name}")

    @property
    def _input_type(self) -> object:
        if self.parameters == 0:
            return type(None)
        return self._hints.get(self.parameter, Any)

    @cached_property
    def parameter(self) -> str:
        """What the perform function calls its argument; empty if it takes none."""
        return next(iter(inspect.signature(self.perform).parameters), "")

    @cached_property
    def _hints(self) -> dict[str, object]:
        try:
            return typing.get_type_hints(self.perform)
        except (NameError, AttributeError, SyntaxError, TypeError) as error:
            raise DeclarationError(
                f"the annotations of {self.name} cannot be read: {error};"
                " import what they name at run time, not only under TYPE_CHECKING"
            ) from error


def _declared(annotation: object) -> type[Any]:
    unknown = annotation is inspect.Parameter.empty
    return cast("type[Any]", Any if unknown else annotation)
