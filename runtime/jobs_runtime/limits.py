"""How many attempts of a job may run, or begin, over all hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from msgspec.structs import replace

from jobs_runtime.errors import DeclarationError, OptionError
from jobs_runtime.options import Options

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds of each unit of a rate."""

LONGEST_WINDOW = 86400.0
"""The longest window of a rate, in seconds: beginnings are remembered so long."""

MOST_IN_WINDOW = 100_000
"""The most beginnings in a window, each of which is a row that claims count."""

RATE = re.compile(r"(\d+)/(\d*)([smhd])")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many attempts begin within any window of so many seconds."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a job; None for no limit.

    Attributes:
        concurrency: attempts that run at the same time.
        rate: attempts that begin in a window of time.
    """

    concurrency: int | None = None
    rate: Rate | None = None


def read_limits(name: str, concurrency: int | None, rate: str | None) -> Limits | None:
    """The limits declared for the job `name`; None for none.

    Raises:
        DeclarationError: one of them cannot be used.
    """
    if concurrency is None and rate is None:
        return None
    whole = isinstance(concurrency, int) and not isinstance(concurrency, bool)
    if concurrency is not None and not (whole and concurrency >= 1):
        raise DeclarationError(f"job {name}: concurrency takes 1 or more, not {concurrency!r}")
    return Limits(concurrency, None if rate is None else _read_rate(name, rate))


def _read_rate(name: str, rate: object) -> Rate:
    match = RATE.fullmatch(rate) if isinstance(rate, str) else None
    if match is None:
        raise DeclarationError(
            f"job {name}: rate takes a count and a window, such as '100/1m' or '5/s', not {rate!r}"
        )
    count, seconds = int(match[1]), int(match[2] or 1) * UNITS[match[3]]
    if not 1 <= count <= MOST_IN_WINDOW or not 0 < seconds <= LONGEST_WINDOW:
        raise DeclarationError(
            f"job {name}: a rate is 1 to {MOST_IN_WINDOW:,} in at most a day, not {rate!r}"
        )
    return Rate(count, seconds)


def with_limit_key(options: Options, name: str, limits: Limits | None) -> Options:
    """Options that say under which key a job with limits counts.

    Raises:
        OptionError: there is a key, but the job has no limits.
    """
    check_limit_key(options.limit_key, name, limits)
    if limits is not None and options.limit_key is None:
        return replace(options, limit_key="")
    return options


def check_limit_key(key: object, name: str, limits: Limits | None) -> None:
    """Refuse a key under which nothing would be counted.

    Raises:
        OptionError: there is a key, but the job has no limits.
    """
    if key is not None and limits is None:
        raise OptionError(
            f"job {name} has no limits for its limit_key: declare it with concurrency= or rate=, or"
            " with limit_key=None over a default of Jobs(...)"
        )
