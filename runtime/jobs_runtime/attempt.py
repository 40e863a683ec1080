"""Perform one attempt: decode, call, encode. An `Outcome` comes back, whatever happens inside."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from jobs_runtime.context import Context
from jobs_runtime.errors import PayloadError, RetryAfter, Snooze
from jobs_runtime.job import Job
from jobs_runtime.model import Claim, JobState, Outcome
from jobs_runtime.payload import encode_error
from jobs_runtime.retry import RetryRules, may_retry, retry_delay

RunCoroutine = Callable[[Any], Any]
"""Runs a coroutine to its end and returns its result."""


def perform(
    job: Job[Any, Any],
    claim: Claim,
    is_cancelled: Callable[[], bool],
    run_coroutine: RunCoroutine,
) -> Outcome:
    """Make one attempt at a claimed job.

    An argument that cannot be decoded fails the job at once: another attempt would read the same.
    Whatever else is raised is a failure of the attempt, not of the worker; `SystemExit` too.
    """
    began = time.perf_counter()
    try:
        args = job.input.decode(claim.args) if job.parameters else None
    except PayloadError as error:
        return Outcome(claim.job_id, JobState.FAILED, 0.0, encode_error(error))
    except BaseException as error:
        return _after(error, job.retry_rules, claim, time.perf_counter() - began)
    try:
        if job.parameters == 2:
            result = job.perform(args, Context(claim, job.entities, is_cancelled))
        elif job.parameters == 1:
            result = job.perform(args)
        else:
            result = job.perform()
        if job.is_async:
            result = run_coroutine(result)
        output = job.output.encode(result)
    except BaseException as error:
        return _after(error, job.retry_rules, claim, time.perf_counter() - began)
    return Outcome(claim.job_id, JobState.COMPLETED, time.perf_counter() - began, output)


def _after(error: BaseException, rules: RetryRules, claim: Claim, seconds: float) -> Outcome:
    if isinstance(error, Snooze):
        return Outcome(claim.job_id, JobState.RETRY, seconds, delay=error.seconds, refund=True)
    output = encode_error(error)
    if not rules.allow(error):
        return Outcome(claim.job_id, JobState.FAILED, seconds, output)
    delay = error.seconds if isinstance(error, RetryAfter) else None
    return failed(claim, seconds, output, JobState.FAILED, delay)


def failed(
    claim: Claim, seconds: float, output: str, state: JobState, delay: float | None = None
) -> Outcome:
    """The outcome of an attempt without a result: another attempt, or the final `state`.

    Attempts that ended because a worker process died do not count against `retry_limit`.

    Args:
        claim: the job and its attempt.
        seconds: how long the attempt took.
        output: what to keep of it.
        state: what the job ends as if no attempt is left.
        delay: seconds until the next attempt; None for what the options say.
    """
    attempt = claim.attempt - claim.deaths
    if not may_retry(attempt, claim.options):
        return Outcome(claim.job_id, state, seconds, output)
    if delay is None:
        delay = retry_delay(attempt, claim.options, random.random())  # noqa: S311
    return Outcome(claim.job_id, JobState.RETRY, seconds, output, delay)
