"""What the supervisor tells the scheduler of a child that died."""

from __future__ import annotations

import enum
import os
import signal

import msgspec

from jobs_supervisor.policy import Reason


class Verdict(enum.StrEnum):
    """What the death means for the job the child was on."""

    DIED = "died"
    """The job may have killed it: performed again, quarantined after the third death."""
    EXPIRED = "expired"
    """The attempt outlasted `expire_in`: it has failed."""
    CANCELLED = "cancelled"
    """The job was cancelled before, and stays so."""
    RELEASED = "released"
    """The job is innocent: given back, with the attempt refunded."""


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


VERDICTS = {
    Reason.EXPIRED: Verdict.EXPIRED,
    Reason.CANCELLED: Verdict.CANCELLED,
    Reason.DRAINED: Verdict.RELEASED,
    Reason.STOPPED: Verdict.RELEASED,
}


class Obituary(msgspec.Struct, frozen=True):
    """A dead child, what it was doing, and why it died.

    Attributes:
        incarnation: under which it claimed; 0 if it never did.
        job_id: the job it was on; 0 for none.
        seconds: how long it had been on that job.
        reason: one line for people.
    """

    slot: int
    incarnation: int
    job_id: int
    seconds: float
    verdict: Verdict
    reason: str


class ObituaryPipe:
    """Carries obituaries from the supervisor to whichever scheduler lives.

    The supervisor keeps both ends, so that what a dying scheduler did not read waits for the next.

    Args:
        ends: of a pipe that exists already, to read and to write.
    """

    def __init__(self, ends: tuple[int, int] | None = None) -> None:
        self.ends = ends or os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.reader, self._writer = self.ends
        self._rest = b""

    def write(self, obituary: Obituary) -> None:
        """Send one; if the pipe is full it is dropped, and the scheduler finds out by itself."""
        try:
            os.write(self._writer, msgspec.json.encode(obituary) + b"\n")
        except BlockingIOError:
            return

    def read(self) -> list[Obituary]:
        """All that have come."""
        try:
            self._rest += os.read(self.reader, 1 << 16)
        except BlockingIOError:
            return []
        *lines, self._rest = self._rest.split(b"\n")
        return [msgspec.json.decode(line, type=Obituary) for line in lines]


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
