from __future__ import annotations

import logging

import pytest

from jobs_runtime import Discard, Jobs, Snooze
from jobs_runtime.failures import EVERY, FailureLog
from jobs_runtime.model import JobState, Outcome
from jobs_runtime.payload import LONGEST_TEXT
from tests.unit.test_attempt import Place, attempt, claimed

ERROR = ValueError("no such invoice")
FINAL = Outcome(7, JobState.FAILED, 0.1)
AGAIN = Outcome(7, JobState.RETRY, 0.1, delay=30)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_a_failure_that_is_final_has_its_traceback(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    @jobs.job
    def fail() -> None:
        raise ERROR

    attempt(fail, claimed(retry_limit=0))
    (record,) = caplog.records
    assert record.getMessage() == "job 7 failed after attempt 1: ValueError: no such invoice"
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[1] is ERROR
    said = vars(record)
    assert (said["job_id"], said["job_name"], said["attempt"]) == ("7", "job", 1)


def test_one_that_is_tried_again_is_a_line(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    @jobs.job
    def fail() -> None:
        raise ERROR

    attempt(fail, claimed(retry_limit=1, retry_delay=30))
    (record,) = caplog.records
    assert record.getMessage() == (
        "job 7 failed in attempt 1, again in 30 s: ValueError: no such invoice"
    )
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)


def test_an_argument_that_does_not_fit_is_told(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    @jobs.job
    def double(number: int) -> int:
        return number * 2

    attempt(double, claimed('"two"'))
    (line,) = told(caplog)
    assert line.startswith("job 7 failed after attempt 1: PayloadError: the argument of double")


def test_what_is_no_failure_is_not_told(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    @jobs.job
    def later() -> None:
        raise Snooze(1)

    @jobs.job
    def stopped() -> None:
        raise ERROR

    attempt(later, claimed())
    attempt(stopped, claimed(), Place(cancelled=True))
    assert told(caplog) == []


def test_a_discard_needs_no_traceback(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    @jobs.job
    def refuse() -> None:
        raise Discard("nobody wants it")

    attempt(refuse, claimed(retry_limit=5))
    (record,) = caplog.records
    assert record.getMessage() == "job 7 failed after attempt 1: Discard: nobody wants it"
    assert record.exc_info is None


def test_of_many_one_a_second_is_told(caplog: pytest.LogCaptureFixture) -> None:
    log = FailureLog()
    for moment in range(1000):
        log.tell(claimed(), AGAIN, ERROR, 50 + EVERY * moment / 1000)
    log.tell(claimed(), FINAL, ERROR, 50 + EVERY / 2)
    log.tell(claimed(), AGAIN, ERROR, 50 + EVERY)
    log.tell(claimed(), AGAIN, ERROR, 50 + 2 * EVERY)
    first, final, second, third = told(caplog)
    assert first == third == "job 7 failed in attempt 1, again in 30 s: ValueError: no such invoice"
    assert final.startswith("job 7 failed after attempt 1")
    assert second == f"{first} (and 999 more since the last such line)"


def test_a_long_message_is_told_in_part(caplog: pytest.LogCaptureFixture) -> None:
    FailureLog().tell(claimed(), FINAL, ValueError("a\nb" * 10_000_000), 0.0)
    (record,) = caplog.records
    assert record.exc_info is None
    assert record.getMessage().startswith("job 7 failed after attempt 1: ValueError: a ba ba b")
    assert len(record.getMessage()) < 2 * LONGEST_TEXT
