"""Reload: try the new code in a process of its own, then become it, children and all.

The supervisor replaces itself by `execv`: same pid, same children, and everything that they share
is handed over as open descriptors. The new one then renews the workers, a tenth of
the pool at a time but at least one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

from jobs_supervisor.signals import SignalInbox

HANDOVER = "JOBS_SUPERVISOR_HANDOVER"
"""The environment variable in which a supervisor tells its successor what there is."""

TRIAL = "JOBS_SUPERVISOR_TRIAL"
"""Set in the environment of a process that is only to see whether it could start."""


HERE = Path()


def named_folder() -> Path:
    """The working directory by the name it was entered by, which may be a link.

    A deployment moves such a link to the next release, while the directory stays the old one.
    """
    named = Path(os.environ.get("PWD", ""))
    try:
        return named if named.samefile(HERE) else HERE
    except OSError:
        return HERE


FOLDER = named_folder()
"""Where this process was started, and where its successor is to be."""


@contextmanager
def _in_folder() -> Generator[None]:
    """Be there for a moment."""
    if FOLDER == HERE:
        yield
        return
    here = os.open(HERE, os.O_RDONLY)
    try:
        os.chdir(FOLDER)
        yield
    finally:
        os.fchdir(here)
        os.close(here)


class Trial:
    """The same command once more, which ends where a pool would be forked.

    What keeps it from getting there (the new code, its settings, the schema) would keep a
    successor too.

    Args:
        timeout: seconds it may take.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._ends = float("inf")
        self.pid = 0

    def begin(self, now: float) -> None:
        """Start it; what it has to say goes where the logs go.

        Raises:
            OSError: there is no room for another process, or no such folder any more.
        """
        environment = {**os.environ, TRIAL: "1"}
        with _in_folder():
            self.pid = os.posix_spawn(sys.executable, sys.orig_argv, environment)
        self._ends = now + self._timeout

    def limit(self, now: float) -> None:
        """End it if it takes too long."""
        if self.pid and now >= self._ends:
            os.kill(self.pid, signal.SIGKILL)

    def ended(self, status: int) -> bool:
        """Take in how it ended; gives whether the new code can be used."""
        self.pid = 0
        return status == 0


def become_successor(handover: str, descriptors: Iterable[int], inbox: SignalInbox) -> None:
    """Replace this process by a new one from the same command line; does not return.

    Signals wait meanwhile, and those that nobody has looked at yet are sent again: whoever reads
    the handover lets them through.

    Args:
        handover: what the successor is told.
        descriptors: what it keeps open.
        inbox: where this process has them.
    """
    for descriptor in descriptors:
        os.set_inheritable(descriptor, True)
    os.environ[HANDOVER] = handover
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for number in inbox.received():
        os.kill(os.getpid(), number)
    with suppress(OSError):  # it was there when the new code was tried
        os.chdir(FOLDER)
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606


def taken_handover() -> str | None:
    """What a predecessor left; None for a fresh start."""
    return os.environ.pop(HANDOVER, None)


def is_trial() -> bool:
    """Whether this process is only to see whether it could start."""
    return TRIAL in os.environ
