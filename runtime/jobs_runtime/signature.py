"""Which functions can be performed: those that a worker can call with an argument and a context."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_origin

from jobs_runtime.context import Context
from jobs_runtime.errors import DeclarationError


def count_parameters(perform: Callable[..., Any], name: str) -> int:
    """How many parameters the perform function of the job `name` takes: 0, 1 or 2.

    Raises:
        DeclarationError: it takes others, or calling it does not perform it.
    """
    if not _is_function(perform):
        raise DeclarationError(f"job {name}: {_not_a_function(perform)}")
    try:
        signature = inspect.signature(perform)
    except (TypeError, ValueError) as error:
        raise DeclarationError(f"job {name}: {perform!r} is not a function: {error}") from error
    parameters = list(signature.parameters.values())
    positional = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if len(positional) > 2 or len(positional) != len(parameters):
        raise DeclarationError(
            f"job {name} must take (), (args) or (args, context), not {signature};"
            " several values go into one argument, such as a dataclass"
        )
    if positional and positional[0].name in ("self", "cls"):
        raise DeclarationError(
            f"job {name} is a method, and a worker has no object to call it on: declare a function"
        )
    for parameter in positional:
        if parameter.default is not parameter.empty and parameter.default is not None:
            raise DeclarationError(
                f"job {name}: {parameter.name}={parameter.default!r} would never be used, as a"
                " worker passes what was submitted; give the fields of a dataclass defaults instead"
            )
    if inspect.isgeneratorfunction(perform) or inspect.isasyncgenfunction(perform):
        raise DeclarationError(f"job {name} is a generator, which does nothing by being called")
    return len(positional)


def _is_function(perform: object) -> bool:
    # Neither a partial nor an object that can be called has annotations of its own to read, unless
    # a decorator made the object and says what it wraps; what a partial wraps takes more than it.
    if isinstance(perform, functools.partial):
        return False
    return inspect.isroutine(perform) or inspect.isclass(perform) or hasattr(perform, "__wrapped__")


def _not_a_function(perform: object) -> str:
    instead = "one that calls it" if callable(perform) else "a def or an async def"
    return f"{perform!r} is not a function; declare {instead}"


def check_annotations(perform: Callable[..., Any], hints: Mapping[str, object], name: str) -> None:
    """See that a perform function takes its context second, as far as its annotations say.

    Raises:
        DeclarationError: it takes something else there, or the context first.
    """
    given = [_class_of(hints.get(each)) for each in inspect.signature(perform).parameters]
    if given and isinstance(given[0], type) and issubclass(given[0], Context):
        raise DeclarationError(f"job {name} must take (args, context), not its context first")
    if len(given) == 2 and not _may_be_context(given[1]):
        raise DeclarationError(
            f"job {name} is given a Context as its second parameter, not {given[1].__name__};"
            " several values go into one argument, such as a dataclass"
        )


def _class_of(annotation: object) -> Any:
    return get_origin(annotation) or annotation


def _may_be_context(declared: Any) -> bool:
    if declared is Any or not isinstance(declared, type):
        return True
    if getattr(declared, "_is_protocol", False):
        return True
    return issubclass(Context, declared) or issubclass(declared, Context)


def own_name(perform: object) -> str:
    """What a function is called.

    Raises:
        DeclarationError: nothing, as a lambda is, or it is no function.
    """
    name = getattr(perform, "__name__", "")
    if not name:
        raise DeclarationError(_not_a_function(perform))
    if name == "<lambda>":
        raise DeclarationError(f"{perform!r} has no name: give the job one, @jobs.job(name='...')")
    return name
