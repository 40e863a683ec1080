"""Signals, seen only where the loop waits for them: nothing ever runs inside a handler."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterable, Iterator

HEEDED = (
    signal.SIGCHLD,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
"""What a supervisor listens to."""


class SignalInbox:
    """Collects signals as bytes in a pipe.

    Args:
        signals: those to collect; all others keep their action.
    """

    def __init__(self, signals: Iterable[signal.Signals]) -> None:
        self.reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._signals = tuple(signals)
        for number in self._signals:
            signal.signal(number, _ignore_here)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def wait(self, timeout: float, *others: int) -> list[int]:
        """Sleep until a signal comes, another descriptor is readable, or `timeout` s have passed.

        Returns:
            The other descriptors that are readable.
        """
        poller = select.poll()
        for descriptor in (self.reader, *others):
            poller.register(descriptor, select.POLLIN)
        ready = poller.poll(max(0.0, min(timeout, 3600.0)) * 1000)
        return [descriptor for descriptor, _ in ready if descriptor != self.reader]

    def received(self) -> Iterator[signal.Signals]:
        """The signals that came since the last call, in order."""
        try:
            numbers = os.read(self.reader, 4096)
        except BlockingIOError:
            return
        for number in numbers:
            if number in self._signals:  # the application's own handlers leave bytes here, too
                yield signal.Signals(number)

    def forgo(self) -> None:
        """In a forked child: close the pipe, whose signals are the parent's."""
        os.close(self.reader)
        os.close(self._writer)

    def close(self) -> None:
        """Give every signal its default action back."""
        signal.set_wakeup_fd(-1)
        for number in self._signals:
            signal.signal(number, signal.SIG_DFL)
        self.forgo()


def handled() -> list[signal.Signals]:
    """Those that this process, or the application it imported, has a handler for."""
    return [number for number in signal.valid_signals() if callable(signal.getsignal(number))]


def end_when_told() -> None:
    """Until there is a loop to listen: TERM, INT and QUIT end this process, nothing else does.

    Process 1 would ignore the former, and every process would die of the latter.
    """
    for number in HEEDED:
        ends = number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
        signal.signal(number, _end if ends else _ignore_here)


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number if number == signal.SIGQUIT else 0)


def _ignore_here(_number: int, _frame: object) -> None:
    """Let the byte in the pipe speak."""
