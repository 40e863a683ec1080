from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from jobs_runtime import Context, DeclarationError, Jobs
from tests.unit.test_declaration import declare


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


class TestParameters:
    def test_none_one_or_two_are_taken(self, jobs: Jobs) -> None:
        @jobs.job
        def nullary() -> None: ...
        @jobs.job
        def unary(args: int) -> None: ...
        @jobs.job
        def binary(args: int, context: Context) -> None: ...
        @jobs.job
        def positional(args: int, context: Context, /) -> None: ...
        @jobs.job
        def optional(args: int | None = None) -> None: ...

        counted = [job.parameters for job in (nullary, unary, binary, positional, optional)]
        assert counted == [0, 1, 2, 2, 1]

    @pytest.mark.parametrize(
        "signature",
        ["(a, b, c)", "(*args)", "(a, *args)", "(**kwargs)", "(a, *, b)", "(a, *, b=1)"],
    )
    def test_other_parameters_are_refused(self, jobs: Jobs, signature: str) -> None:
        perform = eval(f"lambda {signature[1:-1]}: None")
        with pytest.raises(DeclarationError) as caught:
            declare(jobs, perform, name="odd")
        expected = f"job odd must take (), (args) or (args, context), not {signature};"
        assert str(caught.value).startswith(expected)
        assert jobs.declared == {}

    @pytest.mark.parametrize("perform", [7, "render", None, {}])
    def test_what_is_not_a_function_is_refused(self, jobs: Jobs, perform: Any) -> None:
        with pytest.raises(DeclarationError, match=r"^job odd: .* is not a function"):
            declare(jobs, perform, name="odd")

    @pytest.mark.parametrize("given", [{}, {"name": "square"}], ids=["unnamed", "named"])
    def test_what_can_only_be_called_is_to_be_called_by_a_function(
        self, jobs: Jobs, given: Any
    ) -> None:
        def power(args: int, exponent: int) -> int:
            return args**exponent

        class Square:
            def __call__(self, args: int) -> int:
                return args**2

        wrapping = functools.update_wrapper(functools.partial(power, exponent=2), power)
        named = {"name": "square"}
        for perform, told in (
            (functools.partial(power, exponent=2), given),
            (Square(), given),
            (wrapping, named),
        ):
            with pytest.raises(DeclarationError) as caught:
                declare(jobs, perform, **told)
            where = "job square: " if told else ""
            assert str(caught.value) == (
                f"{where}{perform!r} is not a function; declare one that calls it"
            )
        assert jobs.declared == {}

    def test_what_a_decorator_made_is_performed(self, jobs: Jobs) -> None:
        class Counted:
            def __init__(self, wrapped: Callable[..., Any]) -> None:
                functools.update_wrapper(self, wrapped)
                self._wrapped = wrapped

            def __call__(self, *args: Any) -> Any:
                return self._wrapped(*args)

        def double(number: int) -> int:
            return number * 2

        for decorate in (Counted, functools.cache):
            job = declare(jobs, decorate(double), name=decorate.__name__)
            job.check()
            assert (job.input.declared, job.perform(21)) == (int, 42)

    def test_a_generator_and_a_method_are_refused(self, jobs: Jobs) -> None:
        def numbers(args: int) -> Iterator[int]:
            yield args

        async def more(args: int) -> AsyncIterator[int]:
            yield args

        def method(self: object, args: int) -> None: ...

        for perform, told in ((numbers, "generator"), (more, "generator"), (method, "method")):
            with pytest.raises(DeclarationError, match=f"is a {told}"):
                declare(jobs, perform)
        assert jobs.declared == {}

    def test_a_default_that_would_never_be_used_is_refused(self, jobs: Jobs) -> None:
        def work(number: int = 3) -> None: ...

        with pytest.raises(DeclarationError, match="number=3 would never be used"):
            declare(jobs, work)

    def test_a_job_itself_is_not_called(self, jobs: Jobs) -> None:
        @jobs.job
        def double(number: int) -> int:
            return number * 2

        with pytest.raises(TypeError, match=r"double\.submit.*double\.perform"):
            double(21)  # pyright: ignore[reportCallIssue]

    def test_the_function_can_still_be_called(self, jobs: Jobs) -> None:
        @jobs.job
        def double(number: int) -> int:
            return number * 2

        assert double.perform(21) == 42


class TestAnnotations:
    def test_the_second_parameter_is_the_context(self, jobs: Jobs) -> None:
        @jobs.job
        def untyped(args: int, context) -> None: ...  # type: ignore[no-untyped-def]  # pyright: ignore
        @jobs.job
        def anything(args: int, context: Any) -> None: ...
        @jobs.job
        def typed(args: int, context: Context[dict[str, int]]) -> None: ...

        for job in (untyped, anything, typed):
            job.check()

    def test_another_second_parameter_is_refused(self, jobs: Jobs) -> None:
        def add(a: int, b: int) -> int:
            return a + b

        declare(jobs, add)
        with pytest.raises(DeclarationError, match="Context as its second parameter, not int; sev"):
            jobs.declared["add"].check()

    def test_a_context_in_the_first_place_is_refused(self, jobs: Jobs) -> None:
        def alone(context: Context) -> None: ...

        declare(jobs, alone)
        with pytest.raises(DeclarationError, match="not its context first"):
            jobs.declared["alone"].check()
