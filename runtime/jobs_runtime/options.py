"""Every option of a job: its unit, its default, its validation, and how layers of them merge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict, cast

import msgspec

from jobs_runtime.errors import OptionError
from jobs_runtime.suggestions import nearest_option

if TYPE_CHECKING:
    from jobs_runtime.job import Job

Seconds = int | float | timedelta
"""A length of time: a number of seconds or a `timedelta`."""

When = int | float | timedelta | datetime | str
"""A moment: seconds from now, a `timedelta` from now, an aware `datetime`, an ISO 8601 string."""


class OptionValues(TypedDict, total=False):
    """The options as keyword arguments of `@jobs.job`, `delay` and `submit`.

    Keys:
        priority: higher is performed first, within a queue; default 0.
        retry_limit: attempts after the first; default 0.
        retry_delay: before an attempt is repeated; default 0. Implies a `retry_limit` of 1.
        retry_backoff: double the delay at every retry, with jitter; default False.
        retry_max_delay: the longest delay that back-off may reach; default no limit.
        expire_in: the longest an attempt may take; default 15 minutes.
        start_after: not before this moment; default at once.
        singleton_key: at most one job of this name and key waits or runs; a second submit is a
            duplicate. Default none.
        singleton_queue: with a key: at most one waits for its first attempt, however many run;
            default False.
        singleton_seconds: at most one job of this name (and key) for each time slot of this length,
            aligned to the epoch; failed, expired and cancelled ones do not count. Default none.
        singleton_next_slot: if the slot is taken, take the next one and wait for it; default False.
        keep_for: how long it may wait to be performed; given up as expired after that. Default
            for ever.
        keep_finished_for: how long it is kept once finished, shorter or longer than the history
            of all jobs (`--retention-days`); default as that.
        limit_key: jobs of one key share the limits (`concurrency`, `rate`) that the job declares;
            default all jobs of the name share them.
        on_complete: a job, or the name of one, to be submitted when this one has completed,
            failed or expired, with `{"job_id", "name", "state", "attempt", "args", "output"}`. With
            the executor PgBoss: True, for pg-boss's completion job.
        dead_letter: a job, or the name of one, to be submitted with this one's argument when it
            has failed or expired.
    """

    priority: int
    retry_limit: int
    retry_delay: Seconds
    retry_backoff: bool
    retry_max_delay: Seconds | None
    expire_in: Seconds
    start_after: When | None
    singleton_key: str | None
    singleton_queue: bool
    singleton_seconds: Seconds | None
    singleton_next_slot: bool
    keep_for: Seconds | None
    keep_finished_for: Seconds | None
    limit_key: str | None
    on_complete: Job[Any, Any] | str | bool | None
    dead_letter: Job[Any, Any] | str | None


class Follower(msgspec.Struct, frozen=True, array_like=True):
    """A job to be submitted when another has ended.

    Attributes:
        options: those that it is declared with; None for the built-in ones.
    """

    queue: str
    name: str
    priority: int = 0
    options: Options | None = None


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """The options in force for one submitted job; durations are seconds.

    The defaults here are the built-in ones, and the only place where they stand.
    """

    priority: int = 0
    retry_limit: int = 0
    retry_delay: float = 0.0
    retry_backoff: bool = False
    retry_max_delay: float | None = None
    expire_in: float = 900.0
    start_after: float | datetime | None = None
    singleton_key: str | None = None
    singleton_queue: bool = False
    singleton_seconds: float | None = None
    singleton_next_slot: bool = False
    keep_for: float | None = None
    keep_finished_for: float | None = None
    limit_key: str | None = None
    on_complete: Follower | bool | None = None
    dead_letter: Follower | None = None

    @property
    def unique(self) -> bool:
        """Whether a submit with these options may be a duplicate."""
        return self.singleton_key is not None or self.singleton_seconds is not None


DEFAULTS = Options()

MAX_SECONDS = 100 * 366 * 86400
"""A hundred years: the longest duration accepted, in seconds."""

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(seconds=MAX_SECONDS)
"""The moments accepted: a job of the latest can still be kept for as long as may be asked for."""

MAX_KEY, MOST_RETRIES = 255, 30_000
"""The longest singleton key or limit key, in characters; the most attempts after the first."""


def merge(*layers: Mapping[str, object]) -> Options:
    """Merge layers of options key by key, the weakest first, onto the built-in defaults.

    Raises:
        OptionError: a key is unknown, or a value has the wrong type or range.
    """
    merged: dict[str, object] = {}
    for layer in layers:
        merged.update(validate(layer))
    if "retry_limit" not in merged and (merged.get("retry_delay") or merged.get("retry_backoff")):
        merged["retry_limit"] = 1
    if merged.get("retry_backoff") and not merged.get("retry_delay"):
        merged["retry_delay"] = 1.0
    options = msgspec.convert(merged, Options) if merged else DEFAULTS
    _check_together(options)
    return options


def _check_together(options: Options) -> None:
    if options.singleton_queue and options.singleton_key is None:
        raise OptionError("singleton_queue needs a singleton_key")
    if options.singleton_queue and options.singleton_seconds is not None:
        raise OptionError("singleton_queue and singleton_seconds exclude each other")
    if options.singleton_next_slot and options.singleton_seconds is None:
        raise OptionError("singleton_next_slot needs singleton_seconds")


def validate(values: Mapping[str, object]) -> dict[str, object]:
    """Check one layer of options and return it in plain units (seconds, numbers).

    Raises:
        OptionError: a key is unknown, or a value has the wrong type or range.
    """
    return {key: _validator(key)(key, value) for key, value in values.items()}


def seconds(key: str, value: object) -> float:
    """Read a length of time as seconds; `key` names it in the error.

    Raises:
        OptionError: not a finite number of seconds or a `timedelta`, or negative.
    """
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OptionError(f"{key} takes a number of seconds or a timedelta, not {value!r}")
    if not 0 <= value <= MAX_SECONDS:
        raise OptionError(f"{key} must be between 0 and {MAX_SECONDS} seconds, not {value!r}")
    return float(value)


def moment(key: str, value: object) -> float | datetime | None:
    """Read a moment: seconds from now as a float, or an absolute UTC `datetime`.

    Raises:
        OptionError: a time without a zone or that UTC cannot express, a string that is not ISO
            8601, a negative delay.
    """
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise OptionError(
                f"{key} takes an ISO 8601 time such as '2030-01-31T09:00:00+01:00', not {value!r}"
            ) from None
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise OptionError(
                f"{key} needs a time zone: {value.isoformat()} names a different moment on every"
                " host; use datetime.now(UTC) or an offset such as +00:00"
            )
        if not EARLIEST <= value <= LATEST:
            raise OptionError(f"{key} is out of range: {value.isoformat()}")
        return datetime.combine((utc := value.astimezone(UTC)).date(), utc.timetz())  # no subclass
    if isinstance(value, bool) or not isinstance(value, int | float | timedelta):
        raise OptionError(
            f"{key} takes seconds or a timedelta from now, a datetime with a time zone or an"
            f" ISO 8601 string, not {value!r}"
        )
    return seconds(key, value)


def _integer(lowest: int, highest: int) -> Callable[[str, object], int]:
    def check(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise OptionError(f"{key} takes a whole number, not {value!r}")
        if not lowest <= value <= highest:
            raise OptionError(f"{key} must be between {lowest} and {highest}, not {value}")
        return value

    return check


def _boolean(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise OptionError(f"{key} takes True or False, not {value!r}")
    return value


def _optional_seconds(key: str, value: object) -> float | None:
    return None if value is None else seconds(key, value)


def _key(key: str, value: object) -> str | None:
    if value is None:
        return None
    if not (isinstance(value, str) and 0 < len(value) <= MAX_KEY):
        raise OptionError(f"{key} takes a string of 1 to {MAX_KEY} characters, not {value!r}")
    if "\x00" in value or value.encode(errors="ignore").decode() != value:
        raise OptionError(f"{key} has a character that Postgres cannot keep: {value!r}")
    return str.__str__(value)  # an enumeration's member would be found, and written, otherwise


def _optional_positive_seconds(key: str, value: object) -> float | None:
    return None if value is None else _positive_seconds(key, value)


def _follower(key: str, value: object) -> Follower | None:
    """Read a job, or the name of one; what else is declared of it is looked up at submit."""
    if value is None or isinstance(value, Follower):
        return value
    name, queue = getattr(value, "name", value), getattr(value, "queue", value)
    if not (isinstance(name, str) and isinstance(queue, str) and name and queue):
        raise OptionError(f"{key} takes a declared job or the name of one, not {value!r}")
    _ = _key(key, name), _key(key, queue)
    return Follower(queue, name)


def _on_complete(key: str, value: object) -> Follower | bool | None:
    return value or None if isinstance(value, bool) else _follower(key, value)


def _positive_seconds(key: str, value: object) -> float:
    duration = seconds(key, value)
    if duration == 0:
        raise OptionError(f"{key} must be more than 0 seconds")
    return duration


_VALIDATORS: dict[str, Callable[[str, object], object]] = {
    "priority": _integer(-(2**31) + 1, 2**31 - 1),
    "retry_limit": _integer(0, MOST_RETRIES),
    "retry_delay": seconds,
    "retry_backoff": _boolean,
    "retry_max_delay": _optional_seconds,
    "expire_in": _positive_seconds,
    "start_after": moment,
    "singleton_key": _key,
    "singleton_queue": _boolean,
    "singleton_seconds": _optional_positive_seconds,
    "singleton_next_slot": _boolean,
    "keep_for": _optional_positive_seconds,
    "keep_finished_for": _optional_positive_seconds,
    "limit_key": _key,
    "on_complete": _on_complete,
    "dead_letter": _follower,
}


def _validator(key: str) -> Callable[[str, object], object]:
    try:
        return _VALIDATORS[key]
    except KeyError:
        raise OptionError(f"unknown option {key!r}{nearest_option(key, _VALIDATORS)}") from None


def as_mapping(values: OptionValues) -> Mapping[str, object]:
    """See typed keyword options as the plain mapping that `merge` takes."""
    return cast("Mapping[str, object]", values)
