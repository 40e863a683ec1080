"""Whether a process of this host still runs, and where a process id means something."""

from __future__ import annotations

import os
import socket
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def place() -> str:
    """Where a process id names one process: a host since its boot, and a pid namespace in it."""
    if not BOOT_ID.exists():
        return socket.gethostname()
    namespace = Path("/proc/self/ns/pid").readlink()
    return f"{socket.gethostname()} {BOOT_ID.read_text().strip()} {namespace}"


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that has ended and was not reaped yet does not run."""
    if pid == 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return not Path("/proc/self").exists()
    return fields[0] != "Z"
