"""The wake pipe: the scheduler writes one byte a job, idle workers take one byte each.

Nobody holds anything while waiting, so a killed worker can wedge none of the others.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import termios
import time


class WakePipe:
    """Made by the supervisor before any fork, and shared by its scheduler and its workers.

    Args:
        ends: of a pipe that exists already, to read and to write.
    """

    def __init__(self, ends: tuple[int, int] | None = None) -> None:
        self.ends = ends or os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.reader, self._writer = self.ends

    def wake(self, workers: int) -> None:
        """Have so many waiting workers look for work, counting those that were told already."""
        count = workers - self._unread()
        if count > 0:
            try:
                os.write(self._writer, b"w" * count)
            except BlockingIOError:
                return

    def take(self) -> bool:
        """Take one byte, if there is one and no other worker was faster."""
        try:
            return bool(os.read(self.reader, 1))
        except BlockingIOError:
            return False

    def _unread(self) -> int:
        answer = fcntl.ioctl(self.reader, termios.FIONREAD, struct.pack("i", 0))
        return struct.unpack("i", answer)[0]


class Waiter:
    """One process waiting for the wake pipe, or for its own signal handler.

    Args:
        pipe: what to wait for.
    """

    def __init__(self, pipe: WakePipe) -> None:
        self._pipe = pipe
        self._interrupted, self._interrupter = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poller = select.poll()
        self._poller.register(pipe.reader, select.POLLIN)
        self._poller.register(self._interrupted, select.POLLIN)

    def wait(self, timeout: float) -> bool:
        """Sleep until woken, interrupted, or `timeout` seconds have passed; false for the last."""
        ends = time.monotonic() + timeout
        while (left := ends - time.monotonic()) > 0:
            ready = [descriptor for descriptor, _ in self._poller.poll(left * 1000)]
            if self._interrupted in ready or self._pipe.take():
                return True
        return False

    def interrupt(self) -> None:
        """End the wait, now or the next; safe in a signal handler."""
        os.write(self._interrupter, b"i")
