"""Perform one attempt: decode, call, encode. An `Outcome` comes back, whatever happens inside."""

from __future__ import annotations

import inspect
import random
import time
from typing import Any

from jobs_runtime.context import Context, Workplace
from jobs_runtime.errors import PayloadError, RetryAfter, Snooze
from jobs_runtime.failures import FailureLog
from jobs_runtime.job import Job
from jobs_runtime.model import Claim, JobState, Outcome
from jobs_runtime.payload import encode_error
from jobs_runtime.retry import RetryRules, may_retry, retry_delay

COMPLETED = JobState.COMPLETED
"""Looked up once: in Python 3.11 a member of an enumeration takes 130 ns, for every job."""


def perform(
    job: Job[Any, Any], claim: Claim, workplace: Workplace, failures: FailureLog
) -> Outcome:
    """Make one attempt at a claimed job.

    An argument that cannot be decoded fails the job at once: another attempt would read the same.
    Whatever else is raised is a failure of the attempt, not of the worker; `SystemExit` too. It
    goes to `failures`, unless the attempt was told to stop.
    """
    began = time.perf_counter()
    try:
        args = job.input.decode(claim.args) if job.parameters else None
    except PayloadError as error:
        outcome = Outcome(claim.job_id, JobState.FAILED, 0.0, encode_error(error))
        failures.tell(claim, outcome, error, began)
        return outcome
    except BaseException as error:
        return _failed(error, job, claim, workplace, failures, began)
    context = Context(claim, job.entities, workplace) if job.parameters == 2 else None
    try:
        output = job.output.encode(call(job, args, context, workplace))
        seconds = time.perf_counter() - began
        follows = claim.options.on_complete is not None
        outcome = Outcome(claim.job_id, COMPLETED, seconds, output, follows=follows)
        return outcome if context is None else context.complete(outcome)
    except BaseException as error:
        return _failed(error, job, claim, workplace, failures, began)
    finally:
        if context is not None:
            context.close()


def call(
    job: Job[Any, Any], args: object, context: Context[Any] | None, workplace: Workplace
) -> Any:
    """Call a perform function with as many arguments as it takes, and run its coroutine."""
    if job.parameters == 2:
        result = job.perform(args, context)
    elif job.parameters == 1:
        result = job.perform(args)
    else:
        result = job.perform()
    return workplace.run_coroutine(result) if inspect.iscoroutine(result) else result


def _failed(
    error: BaseException,
    job: Job[Any, Any],
    claim: Claim,
    workplace: Workplace,
    failures: FailureLog,
    began: float,
) -> Outcome:
    now = time.perf_counter()
    outcome = _after(error, job.retry_rules, claim, now - began)
    if not (outcome.refund or workplace.is_cancelled()):
        failures.tell(claim, outcome, error, now)
    return outcome


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
