from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
import time
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import pytest
from msgspec.structs import replace

from jobs_runtime import Context, Discard, Job, Jobs, RetryAfter, Snooze
from jobs_runtime.attempt import perform
from jobs_runtime.database import Connection
from jobs_runtime.failures import FailureLog
from jobs_runtime.model import Claim, JobState, Outcome, Progress
from jobs_runtime.options import Options


class Timeout(BaseException):
    """As some libraries raise them: past every `except Exception`."""


@dataclasses.dataclass
class Picky:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise LookupError("no negative numbers here")


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


def claimed(args: str | None = None, attempt: int = 1, **given: Any) -> Claim:
    return Claim(
        job_id=7,
        name="job",
        rank=0,
        attempt=attempt,
        deaths=given.pop("deaths", 0),
        args=args,
        options=Options(**given),
        waited=0.0,
    )


class Begun:
    """A transaction, in which a block may be a savepoint."""

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()


class Place:
    """Where an attempt is made; writes down what it is asked for."""

    dsn = ""

    def __init__(self, *, cancelled: bool = False) -> None:
        self.cancelled = cancelled
        self.asked: list[object] = []

    def is_cancelled(self) -> bool:
        return self.cancelled

    def run_coroutine(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(coroutine)

    def report(self, job_id: int, progress: Progress) -> None:
        self.asked.append((job_id, progress))

    def connection(self) -> Connection:
        raise AssertionError("nobody needs a connection")

    def begin(self) -> Connection:
        self.asked.append("begin")
        return cast("Connection", Begun())

    def complete(self, outcome: Outcome) -> Outcome:
        self.asked.append("complete")
        return replace(outcome, stored=True)

    def roll_back(self) -> None:
        self.asked.append("roll back")


def attempt(job: Job[Any, Any], claim: Claim, place: Place | None = None) -> Outcome:
    return perform(job, claim, place or Place(), FailureLog())


def error_of(outcome: Outcome) -> dict[str, str]:
    assert outcome.output is not None
    return json.loads(outcome.output)


class TestCalling:
    def test_without_parameters(self, jobs: Jobs) -> None:
        @jobs.job
        def answer() -> int:
            return 42

        outcome = attempt(answer, claimed())
        assert (outcome.job_id, outcome.state, outcome.output) == (7, JobState.COMPLETED, "42")

    def test_a_coroutine_of_a_function_that_wraps_one(self, jobs: Jobs) -> None:
        async def answer() -> int:
            return 42

        @jobs.job(name="answer")
        @functools.wraps(answer)
        def wrapped() -> Any:
            return answer()

        assert attempt(wrapped, claimed()).output == "42"

    def test_with_the_argument(self, jobs: Jobs) -> None:
        @jobs.job
        def double(number: int) -> int:
            return number * 2

        assert attempt(double, claimed("21")).output == "42"

    def test_with_the_argument_as_it_is_declared(self, jobs: Jobs) -> None:
        @jobs.job
        def number_of(picky: Picky) -> list[int]:
            assert type(picky) is Picky
            return [picky.number]

        assert attempt(number_of, claimed('{"number":5}')).output == "[5]"

    def test_with_the_context(self, jobs: Jobs) -> None:
        @jobs.job(entities=[Picky])
        def explain(args: None, context: Context) -> list[object]:
            assert context.entities.Picky is Picky
            return [context.job_id, context.job_name, context.attempt, context.retry_limit]

        outcome = attempt(explain, claimed(attempt=2, retry_limit=5))
        assert outcome.output == '["7","job",2,5]'

    def test_a_coroutine(self, jobs: Jobs) -> None:
        @jobs.job
        async def double(number: int) -> int:
            await asyncio.sleep(0)
            return number * 2

        assert attempt(double, claimed("21")).output == "42"

    def test_a_result_of_none_leaves_nothing(self, jobs: Jobs) -> None:
        @jobs.job
        def noop() -> None: ...

        outcome = attempt(noop, claimed())
        assert (outcome.state, outcome.output) == (JobState.COMPLETED, None)

    def test_the_seconds_it_took_are_counted(self, jobs: Jobs) -> None:
        @jobs.job
        def nap() -> None:
            time.sleep(0.02)

        assert 0.02 <= attempt(nap, claimed()).seconds < 2

    def test_the_context_asks_whether_it_is_cancelled(self, jobs: Jobs) -> None:
        @jobs.job
        def stop(args: None, context: Context) -> bool:
            context.raise_if_cancelled()
            return True

        assert attempt(stop, claimed(), Place(cancelled=False)).state is JobState.COMPLETED
        outcome = attempt(stop, claimed(), Place(cancelled=True))
        assert outcome.state is JobState.FAILED
        assert error_of(outcome)["message"] == "job 7 was cancelled or is out of time"

    def test_progress_is_passed_on(self, jobs: Jobs) -> None:
        @jobs.job
        def count(args: None, context: Context) -> None:
            context.progress(1)
            context.progress(2, 3, "two of three")

        place = Place()
        assert attempt(count, claimed(), place).state is JobState.COMPLETED
        assert place.asked == [(7, Progress(1.0)), (7, Progress(2.0, 3, "two of three"))]


class TestRaising:
    @pytest.mark.parametrize(
        ("error", "name"),
        [
            (ValueError("bad"), "ValueError"),
            (SystemExit("bad"), "SystemExit"),
            (KeyboardInterrupt("bad"), "KeyboardInterrupt"),
            (asyncio.CancelledError("bad"), "CancelledError"),
            (GeneratorExit("bad"), "GeneratorExit"),
            (Timeout("bad"), "Timeout"),
            (BaseExceptionGroup("bad", [Timeout()]), "BaseExceptionGroup"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_whatever_is_raised_is_a_failure_of_the_attempt(
        self, jobs: Jobs, error: BaseException, name: str
    ) -> None:
        @jobs.job
        def fail() -> None:
            raise error

        outcome = attempt(fail, claimed())
        assert outcome.state is JobState.FAILED
        kept = error_of(outcome)
        assert kept["name"] == name
        assert kept["message"].startswith("bad")
        assert "in fail\n" in kept["stack"]

    def test_also_in_a_coroutine(self, jobs: Jobs) -> None:
        @jobs.job
        async def fail() -> None:
            await asyncio.sleep(0)
            raise ValueError("bad")

        assert error_of(attempt(fail, claimed()))["name"] == "ValueError"

    def test_an_error_that_cannot_be_shown(self, jobs: Jobs) -> None:
        class Mute(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        @jobs.job
        def fail() -> None:
            raise Mute

        outcome = attempt(fail, claimed())
        assert (outcome.state, error_of(outcome)["name"]) == (JobState.FAILED, "Mute")


class TestRetrying:
    def fail(self, jobs: Jobs) -> Job[None, None]:
        @jobs.job
        def fail() -> None:
            raise ValueError("bad")

        return fail

    def test_an_attempt_that_may_be_followed_is(self, jobs: Jobs) -> None:
        outcome = attempt(self.fail(jobs), claimed(attempt=2, retry_limit=2, retry_delay=30))
        assert (outcome.state, outcome.delay, outcome.death) == (JobState.RETRY, 30.0, False)
        assert error_of(outcome)["name"] == "ValueError"

    def test_the_last_is_not(self, jobs: Jobs) -> None:
        outcome = attempt(self.fail(jobs), claimed(attempt=3, retry_limit=2, retry_delay=30))
        assert (outcome.state, outcome.delay) == (JobState.FAILED, 0.0)

    def test_attempts_that_killed_their_worker_do_not_count(self, jobs: Jobs) -> None:
        job = self.fail(jobs)
        assert attempt(job, claimed(attempt=3, retry_limit=1, deaths=2)).state is JobState.RETRY
        assert attempt(job, claimed(attempt=3, retry_limit=1, deaths=1)).state is JobState.FAILED

    def test_backoff_is_jittered_within_its_bounds(self, jobs: Jobs) -> None:
        claim = claimed(attempt=3, retry_limit=9, retry_delay=10.0, retry_backoff=True)
        job = self.fail(jobs)
        delays = {attempt(job, claim).delay for _ in range(20)}
        assert len(delays) > 1
        assert all(40 <= delay < 80 for delay in delays)

    def test_discard_is_final(self, jobs: Jobs) -> None:
        @jobs.job
        def give_up() -> None:
            raise Discard("no use")

        outcome = attempt(give_up, claimed(retry_limit=9))
        assert (outcome.state, error_of(outcome)["message"]) == (JobState.FAILED, "no use")

    def test_retry_after_chooses_the_delay_within_the_limit(self, jobs: Jobs) -> None:
        @jobs.job
        def busy() -> None:
            raise RetryAfter(17)

        again = attempt(busy, claimed(retry_limit=1, retry_delay=5))
        assert (again.state, again.delay, again.refund) == (JobState.RETRY, 17, False)
        assert attempt(busy, claimed(attempt=2, retry_limit=1)).state is JobState.FAILED

    def test_snooze_costs_no_attempt(self, jobs: Jobs) -> None:
        @jobs.job
        def early() -> None:
            raise Snooze(17)

        outcome = attempt(early, claimed(retry_limit=0))
        assert (outcome.state, outcome.delay, outcome.refund) == (JobState.RETRY, 17, True)
        assert outcome.output is None

    @pytest.mark.parametrize(
        ("retry_for", "give_up_on", "state"),
        [
            ((), (), JobState.RETRY),
            (ValueError, (), JobState.RETRY),
            ([KeyError, Exception], (), JobState.RETRY),
            (KeyError, (), JobState.FAILED),
            ((), ValueError, JobState.FAILED),
            ((), [KeyError], JobState.RETRY),
            (ValueError, Exception, JobState.FAILED),
        ],
    )
    def test_only_some_errors_are_worth_it(
        self, jobs: Jobs, retry_for: Any, give_up_on: Any, state: JobState
    ) -> None:
        @jobs.job(retry_for=retry_for, give_up_on=give_up_on)
        def fail() -> None:
            raise ValueError("bad")

        assert attempt(fail, claimed(retry_limit=1)).state is state
