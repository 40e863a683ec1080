"""Which exceptions are tried again, and what a perform function may raise to decide it itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jobs_runtime import Discard, Job, JobRecord, JobState, RetryAfter, Snooze
from jobs_runtime.testing import sandbox
from tests.integration.shop import Shop


def declared(shop: Shop, error: BaseException, **declaration: Any) -> Job[None, None]:
    @shop.jobs.job(name="work", retry_limit=2, **declaration)
    def work() -> None:
        raise error

    return work


def performed(shop: Shop, job: Job[None, None], *, delayed: bool = False) -> JobRecord:
    with sandbox(shop.jobs) as submits:
        job.submit()
        (record,) = submits.drain(delayed=delayed)
        return record


def test_every_exception_is_tried_again_until_the_limit(shop: Shop) -> None:
    record = performed(shop, declared(shop, ValueError("bad")))
    assert (record.state, record.attempt) == (JobState.FAILED, 3)


@pytest.mark.parametrize(
    ("declaration", "attempts"),
    [
        ({"retry_for": LookupError}, 3),
        ({"retry_for": [OSError, KeyError]}, 3),
        ({"retry_for": OSError}, 1),
        ({"give_up_on": LookupError}, 1),
        ({"give_up_on": [OSError]}, 3),
        ({"retry_for": LookupError, "give_up_on": KeyError}, 1),
    ],
)
def test_only_those_that_are_worth_it(
    shop: Shop, declaration: dict[str, Any], attempts: int
) -> None:
    record = performed(shop, declared(shop, KeyError("bad"), **declaration))
    assert (record.state, record.attempt) == (JobState.FAILED, attempts)


def test_discard_fails_at_once(shop: Shop) -> None:
    record = performed(shop, declared(shop, Discard("no use")))
    assert (record.state, record.attempt) == (JobState.FAILED, 1)
    assert "no use" in str(record.output)


@pytest.mark.parametrize("delay", [90, 90.0, timedelta(minutes=1.5)])
def test_retry_after_chooses_when(shop: Shop, delay: float | timedelta) -> None:
    job = declared(shop, RetryAfter(delay), retry_delay=5)
    record = performed(shop, job)
    assert (record.state, record.attempt) == (JobState.RETRY, 1)
    assert record.start_after is not None
    assert timedelta(seconds=89) < record.start_after - record.created_at < timedelta(seconds=99)
    last = performed(shop, job, delayed=True)
    assert (last.state, last.attempt) == (JobState.FAILED, 3)


@pytest.mark.parametrize("delay", [90, timedelta(minutes=1.5)])
def test_snooze_is_no_attempt(shop: Shop, delay: float | timedelta) -> None:
    record = performed(shop, declared(shop, Snooze(delay)))
    assert (record.state, record.attempt, record.output) == (JobState.RETRY, 0, None)
    assert record.start_after is not None
    assert timedelta(seconds=89) < record.start_after - record.created_at < timedelta(seconds=99)


@pytest.mark.parametrize("wrong", [-1, float("inf"), float("nan"), "soon", timedelta(days=-1)])
@pytest.mark.parametrize("raised", [RetryAfter, Snooze])
def test_a_time_that_cannot_be_is_an_ordinary_failure(shop: Shop, raised: Any, wrong: Any) -> None:
    @shop.jobs.job
    def work() -> None:
        raise raised(wrong)

    record = performed(shop, work)
    assert (record.state, record.attempt) == (JobState.FAILED, 1)
    assert f"{raised.__name__} " in str(record.output)


def test_the_longest_backoff_is_a_time_that_can_be_kept(shop: Shop) -> None:
    job = declared(shop, ValueError("bad"), retry_delay=timedelta(days=36_000), retry_backoff=True)
    record = performed(shop, job)
    assert record.start_after is not None
    assert record.start_after - record.created_at < timedelta(days=36_700)
