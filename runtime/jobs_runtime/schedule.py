"""The declared schedule of a job, and which of its ticks are due: pure."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from jobs_runtime.cron import SECOND, parse
from jobs_runtime.errors import ScheduleError

ON_TIME = timedelta(seconds=60)
"""A tick that is looked at less than this after its time is on time, not missed."""

MOST_MISSED = 1_000
"""The highest `missed_limit`, in ticks."""

MAX_NAME = 200
"""The longest name, in characters."""

MOST_COUNTED = 10_000
"""Missed ticks of one schedule are counted up to here, so that a long absence costs little."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done about a schedule now.

    Attributes:
        ticks: the ticks to submit a job for, oldest first, in UTC.
        dropped: missed ticks that are passed over; exact if fewer than `MOST_COUNTED` were missed,
            else a lower bound.
    """

    ticks: tuple[datetime, ...]
    dropped: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is submitted by the clock.

    `cron` has five fields (minute, hour, day of month, month, day of week), or six with the second
    first. A field is a list of numbers, names (`JAN`, `MON`), ranges and steps; Sunday is 0 or 7.
    `L` is the last day of the month, `1#2` the second Monday, `5L` the last Friday. If both the day
    of month and the day of week are given, either is enough. Also `@hourly`, `@daily`, `@midnight`,
    `@weekly`, `@monthly`, `@yearly` and `@annually`.

    When clocks change, an interval (`*`, a range or a step in the hour or the minute) follows
    elapsed time. Fixed times fire once each: at the first of two equal times, or if the time is
    skipped, at the first instant after the gap. Ticks are instants: two times that come to the same
    instant are one tick.

    Attributes:
        cron: the cron expression, such as `"*/5 * * * *"`.
        time_zone: whose clock the expression is read by; default `"UTC"`.
        args: the job's argument; default None.
        options: options of the submitted job, over those of its declaration; default None.
        name: tells several schedules of one job apart; default `""`. Printable, at most 200
            characters and no `/`, which stands between the job's name and this one.
        missed: what becomes of ticks that nobody submitted in time (`ON_TIME`): `"skip"` drops
            them; `"latest"` (default) submits once, for the newest tick; `"all"` makes up for each.
        missed_limit: the most ticks that `"all"` makes up for, the newest; default 100, at most
            1000.
        overlap: `"allow"` (default) submits though the previous tick's job is unfinished; `"skip"`
            does not.

    Raises:
        ScheduleError: the expression, the zone, the name or a policy cannot be used.
    """

    cron: str
    _: KW_ONLY
    time_zone: str = "UTC"
    args: object = None
    options: Mapping[str, object] | None = None
    name: str = ""
    missed: Literal["skip", "latest", "all"] = "latest"
    missed_limit: int = 100
    overlap: Literal["allow", "skip"] = "allow"

    def __post_init__(self) -> None:
        _check_text("cron", self.cron, "'*/5 * * * *'")
        _check_text("time_zone", self.time_zone, "'Europe/Amsterdam'")
        _check_text("name", self.name, "'nightly'")
        _check_name(self.name)
        _check_choice("missed", self.missed, ("skip", "latest", "all"))
        _check_choice("overlap", self.overlap, ("allow", "skip"))
        _check_limit(self.missed_limit)
        _check_options(self.options)
        _zone(self.time_zone)
        parse(self.cron)

    def next_tick(self, after: datetime) -> datetime:
        """Find the first tick later than `after`, which may be in any zone; the answer is in UTC.

        Raises:
            ScheduleError: `after` is naive, or no tick follows before the year 9999.
        """
        instant = _aware("after", after).replace(tzinfo=None)
        return parse(self.cron).next(_zone(self.time_zone), instant).replace(tzinfo=UTC)

    def ticks_due(self, last: datetime, now: datetime) -> Due:
        """Apply the missed policy to the ticks after `last`, up to and including `now`.

        A tick less than `ON_TIME` old is on time and fires; an older one is missed. With
        `"latest"`, once any tick was missed only the newest of all fires.

        Args:
            last: the last tick dealt with, or for a new schedule the moment it was first seen.
            now: the present; nothing is due if it is not later than `last`.

        Raises:
            ScheduleError: a time is naive.
        """
        last, now = _aware("last", last), _aware("now", now)
        edge = max(last, now - ON_TIME)
        on_time = tuple(self._between(edge, now))
        missed = tuple(islice(self._between(last, edge), MOST_COUNTED))
        if self.missed == "skip" or not missed:
            ticks = on_time
        elif self.missed == "latest":
            ticks = on_time[-1:] or self._newest(missed, last, edge, 1)
        else:
            ticks = self._newest(missed, last, edge, self.missed_limit) + on_time
        return Due(ticks, len(missed) + len(on_time) - len(ticks))

    def _between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        tick = self.next_tick(after)
        while tick <= until:
            yield tick
            tick = self.next_tick(tick)

    def _newest(
        self, missed: tuple[datetime, ...], last: datetime, edge: datetime, count: int
    ) -> tuple[datetime, ...]:
        """The newest `count` ticks in (last, edge], of which `missed` holds the oldest or all."""
        if len(missed) < MOST_COUNTED:
            return missed[-count:]
        newest: list[datetime] = []
        for _ in range(count):
            newest.append(self._last_tick(last, newest[-1] - SECOND if newest else edge))
        return tuple(reversed(newest))

    def _last_tick(self, after: datetime, until: datetime) -> datetime:
        """The newest tick in (after, until], which must hold one.

        Searched by halves: that there is a tick in the last n seconds is true from some n on.
        """
        until = until.replace(microsecond=0)
        ago = bisect_left(
            range(int((until - after) / SECOND) + 1),
            True,
            key=lambda n: self.next_tick(until - (n + 1) * SECOND) <= until,
        )
        return until - ago * SECOND


def _aware(name: str, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ScheduleError(
            f"{name} needs a time zone: {moment.isoformat()} names a different moment on every"
            " host; use datetime.now(UTC) or an offset such as +00:00"
        )
    return moment.astimezone(UTC)


def _zone(key: str) -> ZoneInfo:
    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        near = difflib.get_close_matches(key.replace(" ", "_"), sorted(available_timezones()), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "it takes one such as 'Europe/Amsterdam'"
        raise ScheduleError(f"unknown time_zone {key!r}; {hint}") from None


def _check_text(key: str, value: object, example: str) -> None:
    if not isinstance(value, str):
        raise ScheduleError(f"{key} takes a string such as {example}, not {value!r}")


def _check_name(value: str) -> None:
    if "/" in value or not value.isprintable():
        raise ScheduleError(f"name takes printable characters but no '/', not {value!r}")
    if len(value) > MAX_NAME:
        raise ScheduleError(f"name has at most {MAX_NAME} characters: {value!r}")


def _check_choice(key: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ScheduleError(f"{key} takes {' or '.join(map(repr, choices))}, not {value!r}")


def _check_limit(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_MISSED:
        raise ScheduleError(
            f"missed_limit takes a whole number from 1 to {MOST_MISSED}, not {value!r}"
        )


def _check_options(value: object) -> None:
    if value is not None and not isinstance(value, Mapping):
        raise ScheduleError(f"options takes a mapping such as {{'retry_limit': 2}}, not {value!r}")
