"""What an import leaves behind that does not survive a fork, or that no two processes can share."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Container
from pathlib import Path

DESCRIPTORS, TASKS = Path("/proc/self/fd"), Path("/proc/self/task")


def sockets() -> dict[str, int]:
    """The descriptors of the open sockets by what the kernel calls them; none without a /proc."""
    found: dict[str, int] = {}
    for path in DESCRIPTORS.iterdir() if DESCRIPTORS.exists() else ():
        with contextlib.suppress(OSError):
            if (name := str(path.readlink())).startswith("socket:"):
                found[name] = int(path.name)
    return found


def threads() -> list[str]:
    """The names of Python's threads besides the main one."""
    return [
        thread.name for thread in threading.enumerate() if thread is not threading.main_thread()
    ]


def native_threads() -> int:
    """How many threads C code has started; many a library sees to its own when it is forked."""
    total = len(list(TASKS.iterdir())) if TASKS.exists() else 1
    return max(0, total - threading.active_count())


def connections(before: Container[str]) -> list[str]:
    """The peers of connected stream sockets that are open and were not before."""
    opened = [descriptor for name, descriptor in sockets().items() if name not in before]
    return [peer for descriptor in opened if (peer := _peer(descriptor))]


def _peer(descriptor: int) -> str:
    """Whom a descriptor is connected to; empty if it is no connected stream socket."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            if connection.type != socket.SOCK_STREAM:
                return ""
            peer = connection.getpeername()
    except OSError:
        return ""
    if connection.family == socket.AF_UNIX:
        return os.fsdecode(peer) or "a socket pair"
    return "{}:{}".format(*peer[:2])
