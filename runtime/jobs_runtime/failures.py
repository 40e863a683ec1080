"""Tells the log of attempts that fail: the exception is the application's, and somebody's to mend.

A queue of jobs that fail at once would fill a disk with that, so most of them are only counted.
"""

from __future__ import annotations

import logging
from collections import Counter

from jobs_runtime.errors import Discard
from jobs_runtime.model import Claim, JobState, Outcome
from jobs_runtime.payload import LONGEST_TEXT, message_of, shortened

logger = logging.getLogger("jobs_runtime.job")

EVERY = 1.0
"""Of the failures of one job that end in one state, a process tells one in so many seconds."""


class FailureLog:
    """What one process tells; a logger's `extra` are those of `Context.logger`."""

    def __init__(self) -> None:
        self._told_at: dict[tuple[str, JobState], float] = {}
        self._untold: Counter[tuple[str, JobState]] = Counter()

    def tell(self, claim: Claim, outcome: Outcome, error: BaseException, now: float) -> None:
        """Tell of a failure, or count it: a line if there is another attempt, else the traceback.

        Args:
            claim: the job and its attempt.
            outcome: what became of it.
            error: what the attempt raised.
            now: in seconds of a clock that never goes back.
        """
        kind = claim.name, outcome.state
        if now - self._told_at.get(kind, float("-inf")) < EVERY:
            self._untold[kind] += 1
            return
        self._told_at[kind] = now
        untold = self._untold.pop(kind, 0)
        more = f" (and {untold} more since the last such line)" if untold else ""
        job, attempt = f"{claim.name} {claim.known_as}", claim.attempt
        message = message_of(error)
        reason = f"{type(error).__name__}: {' '.join(shortened(message).split())}{more}"
        extra = {"job_id": claim.known_as, "job_name": claim.name, "attempt": attempt}
        if outcome.state is JobState.RETRY:
            text = f"{job} failed in attempt {attempt}, again in {outcome.delay:.3g} s: {reason}"
            logger.warning("%s", text, extra=extra)
        else:
            text = f"{job} failed after attempt {attempt}: {reason}"
            on_purpose, long = isinstance(error, Discard), len(message) > LONGEST_TEXT
            trace = None if on_purpose or long else error
            logger.error("%s", text, exc_info=trace, extra=extra)
