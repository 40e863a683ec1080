"""What somebody probably meant who used a name that is not known."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

OURS = {
    "countdown": "start_after",
    "debounce": "singleton_next_slot",
    "eta": "start_after",
    "max_attempts": "retry_limit",
    "max_retries": "retry_limit",
    "result_ttl": "keep_finished_for",
    "retention_days": "keep_for",
    "retention_hours": "keep_for",
    "retention_minutes": "keep_for",
    "retention_seconds": "keep_for",
    "retries": "retry_limit",
    "run_at": "start_after",
    "singleton_hours": "singleton_seconds",
    "singleton_minutes": "singleton_seconds",
    "throttle": "singleton_seconds",
    "time_limit": "expire_in",
    "timeout": "expire_in",
    "ttl": "keep_for",
    "unique_key": "singleton_key",
}
"""What other queues call our options."""

OF_A_DECLARATION = {
    "concurrency",
    "entities",
    "executor",
    "give_up_on",
    "name",
    "queue",
    "rate",
    "retry_for",
    "schedule",
}
"""What `@jobs.job` takes beside options."""

HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of an error message: what was probably meant, or all that is known."""
    names = sorted(known)
    match = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean {match[0]!r}?" if match else f"; known are {', '.join(names)}"


def nearest_option(word: str, known: Iterable[str]) -> str:
    """As `nearest`, for those who know pg-boss or another queue."""
    snake = HUMP.sub("_", word).lower()
    if snake in OURS:
        return f"; did you mean {OURS[snake]!r}?"
    if snake in OF_A_DECLARATION:
        return "; it is an argument of @jobs.job(...), not an option"
    return nearest(snake, known)
