from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from jobs_runtime import DeclarationError, Jobs, OptionError, PayloadError, Schedule
from jobs_runtime.executors.postgres.timetable import schedule_key

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForCheckers


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


def declare(jobs: Jobs, perform: Callable[..., Any], **given: Any) -> Any:
    """Declare past the type checker what it would refuse."""
    decorate = cast("Any", jobs.job)
    return decorate(**given)(perform)


class TestNames:
    def test_a_job_is_named_after_its_function_and_has_a_queue_of_its_own(self, jobs: Jobs) -> None:
        @jobs.job
        def render_invoice() -> None: ...

        assert (render_invoice.name, render_invoice.queue) == ("render_invoice", "render_invoice")
        assert jobs.declared == {"render_invoice": render_invoice}
        assert repr(render_invoice) == "<Job render_invoice>"

    def test_a_name_and_a_queue_can_be_given(self, jobs: Jobs) -> None:
        @jobs.job(name="shop.render", queue="slow")
        def render() -> None: ...

        assert (render.name, render.queue) == ("shop.render", "slow")

    def test_two_jobs_of_one_name_are_refused_and_the_first_stays(self, jobs: Jobs) -> None:
        def first() -> None: ...
        def second() -> None: ...

        job = declare(jobs, first, name="twin")
        with pytest.raises(DeclarationError) as caught:
            declare(jobs, second, name="twin")
        here = f"{__name__}.{type(self).__name__}"
        here += ".test_two_jobs_of_one_name_are_refused_and_the_first_stays.<locals>"
        assert str(caught.value) == (
            f"two jobs are named 'twin': {here}.first and {here}.second; give one a name="
        )
        assert jobs.declared == {"twin": job}

    @pytest.mark.parametrize("name", ["two words", "tab\t", "line\nbreak", "\0", "\x7f", "\u00a0"])
    @pytest.mark.parametrize("what", ["job", "queue"])
    def test_a_name_has_printable_characters_and_no_spaces(
        self, jobs: Jobs, what: str, name: str
    ) -> None:
        def perform() -> None: ...

        given = {"name": name} if what == "job" else {"queue": name}
        with pytest.raises(DeclarationError) as caught:
            declare(jobs, perform, **given)
        assert str(caught.value) == (
            f"a {what} name has printable characters and no spaces: {name!r}"
        )

    @pytest.mark.parametrize("what", ["job", "queue"])
    def test_a_name_has_a_longest(self, jobs: Jobs, what: str) -> None:
        def perform() -> None: ...

        key = "name" if what == "job" else "queue"
        with pytest.raises(DeclarationError, match=f"^a {what} name has at most 200 characters"):
            declare(jobs, perform, **{key: "x" * 201})
        declare(jobs, perform, **{key: "x" * 200})

    def test_a_function_without_a_name_needs_one(self, jobs: Jobs) -> None:
        with pytest.raises(DeclarationError, match=r"has no name: give the job one"):
            declare(jobs, eval("lambda: None"))

    def test_a_name_is_a_keyword(self, jobs: Jobs) -> None:
        with pytest.raises(DeclarationError, match=r"@jobs\.job\(name='render'\)"):
            jobs.job("render")  # pyright: ignore[reportArgumentType, reportCallIssue]

    def test_what_is_not_text_is_refused(self, jobs: Jobs) -> None:
        def perform() -> None: ...

        with pytest.raises(DeclarationError, match=r"^a job name has printable characters"):
            declare(jobs, perform, name=7)


class TestAnnotations:
    def test_codecs_come_from_the_annotations(self, jobs: Jobs) -> None:
        @jobs.job
        def total(args: list[int]) -> int:
            return sum(args)

        assert total.input.declared == list[int]
        assert total.output.declared is int
        assert (total.input.what, total.output.what) == (
            "the argument of total",
            "the result of total",
        )

    def test_without_annotations_anything_goes(self, jobs: Jobs) -> None:
        job = declare(jobs, eval("lambda args: args"), name="anything")
        assert job.input.decode('{"a":[1]}') == {"a": [1]}
        assert job.output.encode([None]) == "[null]"

    def test_no_parameter_takes_no_argument(self, jobs: Jobs) -> None:
        @jobs.job
        def noop() -> None: ...

        assert noop.input.declared is type(None)

    def test_names_that_exist_only_for_checkers_are_one_clear_line(self, jobs: Jobs) -> None:
        @jobs.job
        def pay(amount: OnlyForCheckers) -> None: ...

        with pytest.raises(DeclarationError) as caught:
            _ = pay.input
        assert str(caught.value) == (
            "the annotations of pay cannot be read: name 'OnlyForCheckers' is not defined;"
            " import what they name at run time, not only under TYPE_CHECKING"
        )

    @pytest.mark.parametrize("annotation", ["functools.missing", "not python", "int["])
    def test_annotations_that_cannot_be_read_are_one_clear_line(
        self, jobs: Jobs, annotation: str
    ) -> None:
        def perform(args: object) -> None: ...

        perform.__annotations__["args"] = annotation
        job = declare(jobs, perform)
        with pytest.raises(DeclarationError, match=r"^the annotations of perform cannot be read: "):
            _ = job.input

    def test_a_type_that_json_cannot_carry_is_one_clear_line(self, jobs: Jobs) -> None:
        @jobs.job
        def odd(args: list[int] | set[int]) -> None: ...

        with pytest.raises(DeclarationError, match=r"^the argument of odd is declared as .*JSON"):
            _ = odd.input


class TestSchedules:
    def test_one_or_several(self, jobs: Jobs) -> None:
        hourly, nightly = Schedule("@hourly"), Schedule("@daily", name="nightly")

        @jobs.job(schedule=hourly)
        def one() -> None: ...
        @jobs.job(schedule=[hourly, nightly])
        def two() -> None: ...

        assert one.schedules == (hourly,)
        assert two.schedules == (hourly, nightly)

    def test_several_need_names_that_differ(self, jobs: Jobs) -> None:
        def perform() -> None: ...

        with pytest.raises(DeclarationError, match="need names that differ"):
            declare(jobs, perform, schedule=[Schedule("@hourly"), Schedule("@daily")])

    def test_none_is_called_as_one_of_another_job(self, jobs: Jobs) -> None:
        def perform() -> None: ...

        nightly = Schedule("@daily", name="nightly")
        with pytest.raises(DeclarationError, match=r"^job a/nightly has a '/' in its name, so "):
            declare(jobs, perform, name="a/nightly", schedule=Schedule("@hourly"))
        short = declare(jobs, perform, name="a", schedule=[Schedule("@hourly"), nightly])
        long = declare(jobs, perform, name="a/nightly", schedule=nightly)
        keys = [schedule_key(job, each) for job in (short, long) for each in job.schedules]
        assert keys == ["a", "a/nightly", "a/nightly/nightly"]

    @pytest.mark.parametrize("wrong", ["@hourly", ["@hourly"]])
    def test_an_expression_is_none_yet(self, jobs: Jobs, wrong: Any) -> None:
        def perform() -> None: ...

        with pytest.raises(DeclarationError, match=r"takes Schedule\(.*not '@hourly'"):
            declare(jobs, perform, schedule=wrong)

    def test_their_options_are_looked_at(self, jobs: Jobs) -> None:
        def perform() -> None: ...

        with pytest.raises(OptionError, match="did you mean 'retry_limit'"):
            declare(jobs, perform, schedule=Schedule("@hourly", options={"retry_limits": 1}))
        assert jobs.declared == {}

    def test_their_arguments_are_looked_at_before_a_pool_is_started(self, jobs: Jobs) -> None:
        def double(number: int) -> int:
            return number * 2

        declare(jobs, double, schedule=Schedule("@hourly", args=21))
        jobs.declared["double"].check()
        wrong = Jobs()
        declare(wrong, double, schedule=Schedule("@hourly"))
        with pytest.raises(PayloadError, match="the argument of double"):
            wrong.declared["double"].check()


@pytest.mark.parametrize("rule", ["retry_for", "give_up_on"])
@pytest.mark.parametrize("wrong", ["OSError", OSError("bad"), [OSError("bad")], int])
def test_only_exceptions_can_be_tried_again(jobs: Jobs, rule: str, wrong: Any) -> None:
    def perform() -> None: ...

    with pytest.raises(DeclarationError, match="take exception classes such as OSError"):
        declare(jobs, perform, **{rule: wrong})


class TestEntities:
    def test_they_are_known_by_their_names(self, jobs: Jobs) -> None:
        class Task: ...

        task = Task()

        @jobs.job(entities=[Jobs])
        def classes() -> None: ...
        @jobs.job(entities=[task])
        def objects() -> None: ...
        @jobs.job(entities={"store": task})
        def mapped() -> None: ...

        @jobs.job(entities=task)
        def own() -> None: ...

        assert classes.entities == SimpleNamespace(Jobs=Jobs)
        assert objects.entities == SimpleNamespace(Task=task)
        assert mapped.entities == SimpleNamespace(store=task)
        assert own.entities is task

    def test_two_of_one_name_need_names(self, jobs: Jobs) -> None:
        def perform() -> None: ...

        with pytest.raises(DeclarationError, match="two entities are named 'Jobs'"):
            declare(jobs, perform, entities=[jobs, Jobs()])


def test_the_application_says_what_it_declares(jobs: Jobs) -> None:
    assert repr(jobs) == "<Jobs none declared>"

    @jobs.job
    def render() -> None: ...
    @jobs.job
    def sweep() -> None: ...

    assert repr(jobs) == f"<Jobs {render.name}, {sweep.name}>"
