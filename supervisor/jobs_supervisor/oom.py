"""Kills for want of memory, as the kernel counts them."""

from __future__ import annotations

import os
import signal
from collections import deque
from pathlib import Path

EXPLAINS = 5.0
"""Seconds for which a counted kill may explain a death: it takes a process a while to give its
memory back, and a kill that nobody died of here hit a program that a job had started."""


class OomWatch:
    """Tells deaths for want of memory from others by the count of such kills in this cgroup.

    One kill explains one death.

    Args:
        events: the file that counts; None for that of this process's cgroup.
    """

    def __init__(self, events: Path | None = None) -> None:
        self._events = events or _events_file()
        self._last = self._read()
        self._look_at = 0.0
        self._kills: deque[float] = deque()

    def look(self, now: float) -> None:
        """Take in what was counted since the last look; it costs nothing if that was just now.

        Args:
            now: monotonic seconds.
        """
        if now >= self._look_at:
            self._take_in(now)

    def _take_in(self, now: float) -> None:
        self._look_at = now + EXPLAINS / 2
        count = self._read()
        if count is not None and self._last is not None:
            self._kills.extend([now] * (count - self._last))
        self._last = count
        while self._kills and now - self._kills[0] > EXPLAINS:
            self._kills.popleft()

    def explains(self, status: int, now: float) -> bool | None:
        """Whether a process that was just found dead lacked memory; None where nobody counts.

        Args:
            status: as `waitpid` gives it.
            now: monotonic seconds.
        """
        self._take_in(now)
        if self._last is None:
            return None
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed or not self._kills:
            return False
        self._kills.popleft()
        return True

    def _read(self) -> int | None:
        try:
            lines = self._events.read_text().splitlines() if self._events else []
        except OSError:
            return None
        counts = dict(line.split() for line in lines)
        return int(counts["oom_kill"]) if "oom_kill" in counts else None


def _events_file() -> Path | None:
    """`memory.events` of cgroups version 2, `memory.oom_control` of version 1; None for neither."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    mount = Path("/sys/fs/cgroup")
    for line in lines:
        _, controllers, path = line.split(":", 2)
        # In a container the path may be the host's, and its own group what is mounted.
        for group in (path.lstrip("/"), ""):
            if controllers == "memory":
                events = mount / "memory" / group / "memory.oom_control"
            else:
                events = mount / group / "memory.events"
            if controllers in ("memory", "") and events.exists():
                return events
    return None
