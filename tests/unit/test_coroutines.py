from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from jobs_supervisor.worker.coroutines import CoroutineRunner


class Attempts:
    """Which attempt is to stop, and which is being made."""

    def __init__(self) -> None:
        self.to_stop = self.current = ""
        self.runner = CoroutineRunner(lambda: self.current == self.to_stop)

    def make(self, name: str, while_it_runs: Callable[[], None]) -> str:
        async def attempt() -> str:
            while_it_runs()
            await asyncio.sleep(0.01)
            return name

        self.current = name
        return self.runner.run(attempt())


@pytest.fixture
def attempts() -> Iterator[Attempts]:
    attempts = Attempts()
    yield attempts
    attempts.runner._runner.close()  # pyright: ignore[reportPrivateUsage] -- a worker's lasts


def test_an_attempt_that_is_to_stop_is_cancelled(attempts: Attempts) -> None:
    attempts.to_stop = "first"
    with pytest.raises(asyncio.CancelledError):
        attempts.make("first", attempts.runner.cancel)


def test_a_cancel_that_comes_too_late_spares_the_next_attempt(attempts: Attempts) -> None:
    attempts.to_stop = "first"
    assert attempts.make("next", attempts.runner.cancel) == "next"


def test_nothing_is_cancelled_between_two_attempts(attempts: Attempts) -> None:
    attempts.to_stop = "next"
    attempts.runner.cancel()
    assert attempts.make("next", lambda: None) == "next"
