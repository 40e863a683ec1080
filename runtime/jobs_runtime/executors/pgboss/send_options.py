"""Options as pg-boss's `send` takes them, and ours: schedules are kept with theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs_runtime.errors import OptionError
from jobs_runtime.executors.pgboss.rows import SINGLETON_QUEUE
from jobs_runtime.options import Options

UNITS = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86400}
"""Seconds of each unit, smallest first: of several, pg-boss takes the largest."""

SAME = {
    "priority": "priority",
    "retryLimit": "retry_limit",
    "retryDelay": "retry_delay",
    "retryBackoff": "retry_backoff",
    "singletonKey": "singleton_key",
    "useSingletonQueue": "singleton_queue",
    "singletonNextSlot": "singleton_next_slot",
    "onComplete": "on_complete",
}
"""Options that mean the same here, and what they are called."""

LENGTHS = {"expireIn": "expire_in", "retention": "keep_for", "singleton": "singleton_seconds"}
"""Options that are lengths of time, without their unit."""


def from_node(given: Mapping[str, Any]) -> dict[str, object]:
    """Our options for some of pg-boss's, read as it reads them: what it ignores is left out.

    Raises:
        OptionError: a length of time is no number.
    """
    found = {ours: given[key] for key, ours in SAME.items() if given.get(key) is not None}
    for name, ours in LENGTHS.items():
        if (length := _length(given, name)) is not None:
            found[ours] = length
    found |= _start_after(given.get("startAfter"))
    if not found.get("singleton_key"):
        found.pop("singleton_key", None)
        found.pop("singleton_queue", None)
    if not found.get("singleton_seconds"):
        found.pop("singleton_seconds", None)
        found.pop("singleton_next_slot", None)
    return found


def to_node(options: Options) -> dict[str, object]:
    """Pg-boss's options for ours; what has a default of pg-boss's constructor is always said.

    Moments and time slots are left out: this is for schedules, whose ticks take their place. With a
    delay or back-off, pg-boss takes no retries to be one.
    """
    given: dict[str, object] = {
        "priority": options.priority or None,
        "retryLimit": options.retry_limit,
        "retryDelay": (options.retry_limit and int(options.retry_delay)) or None,
        "retryBackoff": (options.retry_limit and options.retry_backoff) or None,
        "expireInSeconds": options.expire_in,
        "retentionSeconds": options.keep_for,
        "singletonKey": options.singleton_key,
        "useSingletonQueue": options.singleton_queue or None,
        "onComplete": True if options.on_complete else None,
    }
    return {key: value for key, value in given.items() if value is not None}


def key_from_node(key: str | None) -> dict[str, object]:
    """Our options for a singleton key as pg-boss stores it."""
    if key is None:
        return {}
    if not key.startswith(SINGLETON_QUEUE):
        return {"singleton_key": key}
    return {"singleton_key": key.removeprefix(SINGLETON_QUEUE) or key, "singleton_queue": True}


def _length(given: Mapping[str, Any], name: str) -> float | None:
    seconds = None
    for unit, factor in UNITS.items():
        value = given.get(name + unit)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise OptionError(f"{name + unit} takes a number, not {value!r}")
        if value > 0:
            seconds = float(value * factor)
    return seconds


def _start_after(value: object) -> dict[str, object]:
    if isinstance(value, str):
        return {"start_after": value}
    delayed = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    return {"start_after": value} if delayed else {}
