"""Tells systemd how the supervisor is: the datagrams of sd_notify(3), without a library.

Each function makes one message, or none where nobody listens; `Notifier` sends them.
"""

from __future__ import annotations

import os
import socket
import time

USEC = 1_000_000


class Notifier:
    """Sends to the socket that `NOTIFY_SOCKET` names; without one it does nothing.

    Args:
        address: a path, or a name in the abstract namespace if it begins with `@`.
        watchdog: seconds within which systemd wants to hear of progress; None for never.
    """

    def __init__(self, address: str | None, watchdog: float | None) -> None:
        self._address = "\0" + address[1:] if address and address[0] == "@" else address
        self._socket: socket.socket | None = None
        self._watchdog = watchdog
        self._next_watchdog = 0.0
        self._last_status = ""

    @classmethod
    def from_environment(cls) -> Notifier:
        """What systemd asked for; a watchdog meant for another process is none."""
        address = os.environ.get("NOTIFY_SOCKET")
        usec = os.environ.get("WATCHDOG_USEC", "")
        mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(address, int(usec) / USEC if usec.isdigit() and mine else None)

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return self._address is not None

    def forgo(self) -> None:
        """In a forked child: close the socket, on which it has nothing to say."""
        if self._socket is not None:
            self._socket.close()

    def ready(self) -> None:
        """Start-up or a reload is over, and with it what `be_silent` asked for."""
        self._send("READY=1")
        self._set_watchdog(0.0)

    def be_silent(self, seconds: float) -> None:
        """Have the watchdog wait so much longer until it is fed again, and from then on."""
        self._set_watchdog(seconds)
        self._next_watchdog = 0.0
        self.progress(time.monotonic())

    def reloading(self) -> None:
        """A reload begins."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(time.monotonic() * USEC)}")

    def stopping(self) -> None:
        """The drain begins."""
        self._send("STOPPING=1")

    def extend(self, seconds: float) -> None:
        """Ask for so much more time, from now."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * USEC)}")

    def status(self, text: str) -> None:
        """Show one line to whoever asks; nothing is sent if it is the line of last time."""
        if text != self._last_status:
            self._last_status = text
            self._send(f"STATUS={text}")

    def progress(self, now: float) -> None:
        """Feed the watchdog, twice as often as it wants."""
        if self._watchdog is not None and now >= self._next_watchdog:
            self._next_watchdog = now + self._watchdog / 2
            self._send("WATCHDOG=1")

    def next_at(self) -> float:
        """When the watchdog is to be fed again, in monotonic seconds."""
        return self._next_watchdog if self._watchdog is not None else float("inf")

    def _set_watchdog(self, more: float) -> None:
        if self._watchdog is not None:
            self._send(f"WATCHDOG_USEC={int((self._watchdog + more) * USEC)}")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        if self._socket is None:
            kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            self._socket = socket.socket(socket.AF_UNIX, kind)
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError:
            return  # systemd is being restarted: the next message reaches it
