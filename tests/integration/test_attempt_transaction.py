from __future__ import annotations

import pytest

from jobs_runtime import Context, Jobs
from jobs_runtime.model import JobState, Progress
from tests.unit.test_attempt import Place, attempt, claimed


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


class TestTransaction:
    def test_it_takes_the_completion_along(self, jobs: Jobs) -> None:
        @jobs.job
        def pay(args: None, context: Context) -> None:
            with context.transaction() as first, context.transaction() as second:
                assert first is second is context.connection

        place = Place()
        assert attempt(pay, claimed(), place).stored
        assert place.asked == ["begin", "complete"]

    def test_a_failure_undoes_it(self, jobs: Jobs) -> None:
        @jobs.job
        def pay(args: None, context: Context) -> None:
            with context.transaction():
                context.progress(1)
            raise ValueError("bad")

        place = Place()
        outcome = attempt(pay, claimed(), place)
        assert (outcome.state, outcome.stored) == (JobState.FAILED, False)
        assert place.asked == ["begin", (7, Progress(1.0)), "roll back"]
