from __future__ import annotations

import pytest

from jobs_runtime import Jobs, payload
from jobs_runtime.model import JobState
from tests.unit.test_attempt import Picky, attempt, claimed, error_of


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


class TestArguments:
    @pytest.mark.parametrize("args", ['"seven"', None, "{", "[" * 100_000])
    def test_one_that_cannot_be_decoded_fails_without_burning_retries(
        self, jobs: Jobs, args: str | None
    ) -> None:
        called: list[int] = []

        @jobs.job
        def double(number: int) -> None:
            called.append(number)

        outcome = attempt(double, claimed(args, retry_limit=9))
        assert outcome.state is JobState.FAILED
        assert error_of(outcome)["name"] == "PayloadError"
        assert error_of(outcome)["message"].startswith("the argument of double does not fit int: ")
        assert called == []

    def test_what_its_own_class_raises_is_an_ordinary_failure(self, jobs: Jobs) -> None:
        @jobs.job
        def take(picky: Picky) -> None: ...

        outcome = attempt(take, claimed('{"number":-1}', retry_limit=1))
        assert outcome.state is JobState.RETRY
        assert error_of(outcome)["message"] == "no negative numbers here"

    def test_one_that_nobody_asked_for_is_passed_over(self, jobs: Jobs) -> None:
        @jobs.job
        def noop() -> int:
            return 1

        assert attempt(noop, claimed('{"left":"over"}')).state is JobState.COMPLETED


class TestResults:
    def test_one_of_another_type_fails_the_attempt(self, jobs: Jobs) -> None:
        @jobs.job
        def lie() -> int:
            return "forty-two"  # pyright: ignore[reportReturnType]

        outcome = attempt(lie, claimed(retry_limit=1))
        assert outcome.state is JobState.RETRY
        kept = error_of(outcome)
        assert kept["message"] == "the result of lie does not fit int: Expected `int`, got `str`"

    def test_one_that_json_cannot_carry_fails_the_attempt(self, jobs: Jobs) -> None:
        @jobs.job
        def odd() -> object:
            return object()

        outcome = attempt(odd, claimed())
        assert outcome.state is JobState.FAILED
        assert error_of(outcome)["message"].startswith("the result of odd cannot be stored")

    def test_one_that_is_too_large_fails_the_attempt(
        self, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        @jobs.job
        def much() -> str:
            return "x" * 100

        monkeypatch.setattr(payload, "MAX_BYTES", 100)
        assert error_of(attempt(much, claimed()))["message"].startswith(
            "the result of much is 102 bytes of JSON"
        )
