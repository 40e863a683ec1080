"""How a process ended, for metrics and for people."""

from __future__ import annotations

import enum
import os
import signal

from jobs_supervisor.policy import Reason


class Ending(enum.StrEnum):
    """How a process ended, as metrics tell it."""

    STOPPED = "stopped"
    """As asked: a reload, a smaller pool, or the end of the supervisor."""
    RECYCLED = "recycled"
    """As asked: it had done enough, or grown too large."""
    EXITED = "exited"
    """By itself."""
    SIGNAL = "signal"
    OUT_OF_MEMORY = "out_of_memory"
    BOOT_TIMEOUT = "boot_timeout"
    HUNG = "hung"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CUT_SHORT = "cut_short"
    """Killed at the end of the drain, or because nobody wanted to wait for it."""


KILLED = {
    Reason.BOOT: Ending.BOOT_TIMEOUT,
    Reason.HUNG: Ending.HUNG,
    Reason.EXPIRED: Ending.EXPIRED,
    Reason.CANCELLED: Ending.CANCELLED,
    Reason.DRAINED: Ending.CUT_SHORT,
    Reason.STOPPED: Ending.CUT_SHORT,
}


def ending(
    status: int,
    killed: Reason | None,
    *,
    expected: bool,
    recycled: bool,
    out_of_memory: bool | None,
) -> Ending:
    """Which way a process ended; the arguments are as of `describe_exit`.

    Args:
        status: as `waitpid` gives it.
        killed: why the supervisor killed it; None if it did not.
        expected: whether it ended as it was asked to.
        recycled: whether it had asked to be replaced.
        out_of_memory: whether the kernel counted such a kill meanwhile; None if nobody counts.
    """
    if killed is not None:
        return KILLED[killed]
    if expected:
        return Ending.RECYCLED if recycled else Ending.STOPPED
    if not os.WIFSIGNALED(status):
        return Ending.EXITED
    lacked_memory = out_of_memory and os.WTERMSIG(status) == signal.SIGKILL
    return Ending.OUT_OF_MEMORY if lacked_memory else Ending.SIGNAL


def describe_exit(
    status: int,
    killed: Reason | None,
    job: str,
    seconds: float,
    resident_bytes: int,
    out_of_memory: bool | None,
) -> str:
    """Say in one line how a process ended.

    Args:
        status: as `waitpid` gives it.
        killed: why the supervisor killed it; None if it did not.
        job: the job it was on, such as `render_invoice #4711`; empty for none.
        seconds: how long it had been on that job.
        resident_bytes: the most memory it had.
        out_of_memory: whether the kernel counted such a kill meanwhile; None if nobody counts.
    """
    if killed is not None:
        text = f"killed: {killed}"
    elif os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        text = f"killed by {_name_of(number)}"
        if number == signal.SIGKILL:
            guess = {True: ", out of memory", None: ", possibly out of memory", False: ""}
            text += f"{guess[out_of_memory]}: {resident_bytes / 1e6:,.0f} MB resident"
    else:
        text = f"exited with code {os.WEXITSTATUS(status)}"
    return f"{text}, {seconds:.1f} s into {job}" if job else text


def _name_of(number: int) -> str:
    """A signal's name; of those between the first and the last real-time one Python has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
