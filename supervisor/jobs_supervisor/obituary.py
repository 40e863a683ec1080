"""What the supervisor tells the scheduler of a child that died."""

from __future__ import annotations

import enum
import os

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
