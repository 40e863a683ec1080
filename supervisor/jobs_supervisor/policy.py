"""What to do about one slot, given what is known of it: pure, so every rule is tested alone.

A slot goes round like this:

    vacant -> booting -> connecting -> idle <-> busy -> (dead) -> vacant

It is spawned at once, later after repeated early deaths; killed when it hangs, in boot or later,
outlasts a job's deadline or a cancel by `kill_after`, or does not stop in time when told to.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from jobs_supervisor.slot_state import SlotState


class Reason(enum.StrEnum):
    """Why the supervisor killed a child."""

    BOOT = "did not finish booting in time"
    HUNG = "did nothing for too long"
    EXPIRED = "outlasted its time limit"
    CANCELLED = "did not stop when it was cancelled"
    DRAINED = "did not finish before the drain deadline"
    STOPPED = "stopped at once on request"


@dataclass(frozen=True, slots=True)
class Spawn:
    """Fork a process for the slot."""


@dataclass(frozen=True, slots=True)
class RaiseCancel:
    """Raise the slot's cancel flag for the job that is out of time."""


@dataclass(frozen=True, slots=True)
class AskToStop:
    """Send SIGTERM: finish the current job and exit."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Send SIGKILL."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing before this moment, unless something happens."""

    until: float


Action = Spawn | RaiseCancel | AskToStop | Kill | Wait

FOREVER = Wait(float("inf"))


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits, in seconds.

    Attributes:
        boot: from fork until the process is past booting.
        kill_after: from a raised cancel flag until the process is killed.
    """

    boot: float = 30.0
    kill_after: float = 5.0


@dataclass(frozen=True, slots=True)
class SlotView:
    """What is known of a slot at one moment; times are monotonic seconds.

    Attributes:
        wanted: whether the slot should have a process.
        hangs: whether its work shows that the process has come to a halt.
        not_before: when a vacant slot may be filled again.
        asked_to_stop: when SIGTERM was sent; None for not.
        stop_by: when a process asked to stop is killed; infinite for never.
        stop_reason: what that kill is called.
        killed: whether SIGKILL was sent already.
    """

    state: SlotState
    since: float
    busy: bool
    deadline: float
    cancelled: bool
    cancelled_at: float
    wanted: bool
    hangs: bool
    not_before: float
    asked_to_stop: float | None
    stop_by: float
    stop_reason: Reason
    killed: bool


def next_action(slot: SlotView, limits: Limits, now: float) -> Action:
    """Decide what to do about a slot."""
    if slot.state is SlotState.VACANT:
        return _fill(slot, now)
    if slot.killed:
        return FOREVER
    if slot.hangs and slot.stop_by == float("inf"):
        return Kill(Reason.HUNG)
    for action in (_stop(slot, now), _limit_boot(slot, limits, now), _limit_job(slot, limits, now)):
        if not isinstance(action, Wait):
            return action
    return Wait(_earliest(slot, limits))


def _fill(slot: SlotView, now: float) -> Action:
    if not slot.wanted:
        return FOREVER
    return Spawn() if now >= slot.not_before else Wait(slot.not_before)


def _stop(slot: SlotView, now: float) -> Action:
    if slot.asked_to_stop is None:
        return FOREVER if slot.wanted else AskToStop()
    return Kill(slot.stop_reason) if now >= slot.stop_by else FOREVER


def _limit_boot(slot: SlotView, limits: Limits, now: float) -> Action:
    hangs = slot.state is SlotState.BOOTING and now >= slot.since + limits.boot
    return Kill(Reason.BOOT) if hangs else FOREVER


def _limit_job(slot: SlotView, limits: Limits, now: float) -> Action:
    if not slot.busy:
        return FOREVER
    if not slot.cancelled:
        return RaiseCancel() if now >= slot.deadline else FOREVER
    if now < slot.cancelled_at + limits.kill_after:
        return FOREVER
    return Kill(Reason.EXPIRED if slot.cancelled_at >= slot.deadline else Reason.CANCELLED)


def _earliest(slot: SlotView, limits: Limits) -> float:
    moments = [slot.stop_by] if slot.asked_to_stop is not None else []
    if slot.state is SlotState.BOOTING:
        moments.append(slot.since + limits.boot)
    if slot.busy:
        cancelled = slot.cancelled
        moments.append(slot.cancelled_at + limits.kill_after if cancelled else slot.deadline)
    return min(moments, default=float("inf"))


EARLY = 60.0
"""A process that lives this long, in seconds, or ends a job, clears its slot's back-off."""

LONGEST_BACKOFF = 30.0
"""The longest pause before a slot is filled again, in seconds."""


def backoff(early_deaths: int, jitter: float) -> float:
    """Seconds to wait before a slot is filled again after so many early deaths in a row.

    0 after the first, then 0.1, 0.2, 0.4 ... up to 30 s, times 1 ± 0.2 for a `jitter` in [0, 1).
    """
    if early_deaths <= 1:
        return 0.0
    return min(LONGEST_BACKOFF, 0.1 * 2.0 ** min(early_deaths - 2, 10)) * (0.8 + 0.4 * jitter)


LOOK = 0.25
"""The longest sleep of the loop, in seconds: a deadline that a child wrote meanwhile is seen this
late."""

CLOSE_LOOK = 0.02
"""The same while a child is awaited to get ready."""

FAR_LOOK = 1.0
"""The same while every child waits for work: idle must cost nothing, and only a time limit shorter
than this is seen later."""


def longest_sleep(*, awaited: bool, resting: bool) -> float:
    """Seconds for which nothing needs to be looked at, unless a signal comes.

    Args:
        awaited: whether some child is about to get ready or to be replaced.
        resting: whether no child has a time limit that runs.
    """
    if awaited:
        return CLOSE_LOOK
    return FAR_LOOK if resting else LOOK
