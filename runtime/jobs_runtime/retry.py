"""Whether and when to try again: pure."""

from __future__ import annotations

from dataclasses import dataclass

from jobs_runtime.errors import Discard
from jobs_runtime.options import MAX_SECONDS, Options

MAX_DOUBLINGS = 15
"""Back-off stops doubling here, as in pg-boss."""

Exceptions = tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True)
class RetryRules:
    """Which exceptions are worth another attempt.

    Attributes:
        retry_for: only these; empty for all.
        give_up_on: never these, nor `Discard`, whatever `retry_for` says.
    """

    retry_for: Exceptions = ()
    give_up_on: Exceptions = ()

    def allow(self, error: BaseException) -> bool:
        """Whether another attempt may follow this error."""
        if isinstance(error, (Discard, *self.give_up_on)):
            return False
        return not self.retry_for or isinstance(error, self.retry_for)


def may_retry(attempt: int, options: Options) -> bool:
    """Whether attempt number `attempt` (from 1) may be followed by another."""
    return attempt <= options.retry_limit


def retry_delay(attempt: int, options: Options, jitter: float) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1).

    With back-off the delay d becomes d·2ⁿ·(1 + jitter), n = min(15, retries so far), which is
    pg-boss's formula: evenly spread over [d·2ⁿ, d·2ⁿ⁺¹) for a `jitter` drawn from [0, 1).
    """
    delay = options.retry_delay
    if options.retry_backoff:
        delay *= 2.0 ** min(MAX_DOUBLINGS, attempt - 1) * (1.0 + jitter)
    if options.retry_max_delay is not None:
        delay = min(delay, options.retry_max_delay)
    return min(delay, MAX_SECONDS)
